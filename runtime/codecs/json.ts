import type { Codec } from '#contract/codec.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** RFC 8259. */
export const json: Codec = {
  name: 'json',
  contentType: 'application/json',
  decode(bytes) {
    let text: string;
    try {
      text = decoder.decode(bytes);
    } catch {
      throw new Error('bytes that are not UTF-8');
    }
    try {
      return JSON.parse(text) as unknown;
    } catch (thrown) {
      // eslint-disable-next-line preserve-caught-error -- the cause quotes the payload
      throw new Error(place(thrown, text));
    }
  },
  encode(body) {
    const text = JSON.stringify(body) as string | undefined;
    if (text === undefined) throw new Error(`a ${typeof body}`);
    return Buffer.from(text);
  },
};

// The engine's own message quotes the payload, which may not leave the bridge: only the position is taken from it.
function place(thrown: unknown, text: string): string {
  if (text.length === 0) return 'an empty body';
  const message = thrown instanceof Error ? thrown.message : '';
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return `no JSON from character ${position} on`;
  return message.startsWith('Unexpected end')
    ? `JSON that ends too early, after ${text.length} characters`
    : 'text that is no JSON';
}
