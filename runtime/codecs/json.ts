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
    let text: string | undefined;
    try {
      text = JSON.stringify(body) as string | undefined;
    } catch {
      throw new Error('a value that JSON cannot hold: a bigint, or one that contains itself');
    }
    if (text === undefined) throw new Error(`a ${typeof body}`);
    return Buffer.from(text);
  },
};

/** The end of V8's messages that tell a position and quote nothing. The others end with words of their own, whatever they quote. */
const POSITION = /JSON at position (\d+)(?: \(line \d+ column \d+\))?$/;

// The engine's own message quotes the payload, which may not leave the bridge: only the position is taken from it.
function place(thrown: unknown, text: string): string {
  if (text.length === 0) return 'an empty body';
  const message = thrown instanceof Error ? thrown.message : '';
  const position = POSITION.exec(message)?.[1];
  if (message.startsWith('Unexpected end') || Number(position) >= text.length)
    return `JSON that ends too early, after ${text.length} characters`;
  return position === undefined ? 'text that is no JSON' : `no JSON from character ${position} on`;
}
