import type { EventStream } from '../answer.ts';
import type { Part } from './route-parts.ts';

/** Sends every part once, then those that have changed. `listen` calls its listener whenever they may have. */
export function partStream(
  parts: () => readonly Part[],
  listen: (listener: () => void) => () => void,
  title: () => string | undefined,
): EventStream {
  return {
    begin(send) {
      const last = new Map<string, string>();
      const look = (): void => {
        for (const { id, content } of parts()) {
          if (last.get(id) === content.text) continue;
          last.set(id, content.text);
          const more = id === 'state' ? { title: title() } : {};
          send(`data: ${JSON.stringify({ id, html: content.text, ...more })}\n\n`);
        }
      };
      look();
      return listen(look);
    },
  };
}
