import type { EventStream } from '../answer.ts';
import type { Part } from './route-parts.ts';

/**
 * Sends every part once, then those that have changed. `listen` calls its listener whenever they may have, from a timer of the
 * pipeline: nothing may be thrown there. All changes of one moment are one text, so that the first one may be as long as the page.
 */
export function partStream(
  parts: () => readonly Part[],
  listen: (listener: () => void) => () => void,
  title: () => string | undefined,
): EventStream {
  return {
    begin(send, { isBehind, fail }) {
      const last = new Map<string, string>();
      const look = (): void => {
        let text = '';
        for (const { id, content } of parts()) {
          if (last.get(id) === content.text) continue;
          last.set(id, content.text);
          const more = id === 'state' ? { title: title() } : {};
          text += `data: ${JSON.stringify({ id, html: content.text, ...more })}\n\n`;
        }
        if (text !== '') send(text);
      };
      look();
      return listen(() => {
        if (isBehind()) return;
        try {
          look();
        } catch (thrown) {
          fail(thrown);
        }
      });
    },
  };
}
