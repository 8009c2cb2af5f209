import type { ReplayProgress } from '../store/dead-letters/admin.ts';

/** Shows the progress of a replay. */
export interface ReplayMeter {
  show(progress: ReplayProgress): void;
  end(): void;
}

const WIDTH = 30;
const LINE_MS = 1000;

/** On a terminal a bar that is drawn in place, else a line a second while the progress changes. */
export function replayMeter(out: NodeJS.WriteStream, by: string): ReplayMeter {
  let last = '';
  let saidAtMs = -Infinity;
  const startMs = performance.now();
  return {
    show(progress) {
      const { requested, issued, done, failed } = progress;
      const ended = done + failed;
      const all = ended + requested + issued;
      const seconds = Math.max(0.001, (performance.now() - startMs) / 1000);
      const again = failed > 0 ? `, ${failed} failed again` : '';
      const text = `${ended} of ${all} letters${again}, ${issued} in flight`;
      if (out.isTTY) {
        const full = all === 0 ? WIDTH : Math.floor((ended / all) * WIDTH);
        out.write(`\r\u001B[K[${'#'.repeat(full).padEnd(WIDTH)}] ${text}, ${Math.round(ended / seconds)}/s by ${by}`);
        last = text;
      } else if (text !== last && performance.now() - saidAtMs >= LINE_MS) {
        last = text;
        saidAtMs = performance.now();
        out.write(`replay by ${by}: ${text}\n`);
      }
    },
    end() {
      if (out.isTTY && last !== '') out.write('\n');
    },
  };
}
