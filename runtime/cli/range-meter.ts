import { fitted } from './screen.ts';

/** How far a replay of a range has come. */
export interface RangeState {
  /** From 0 to 1. */
  readonly share: number;
  /** Messages of the range that were read, in this process. */
  readonly read: number;
  /** Messages of the range, at most. */
  readonly all: number;
  readonly counts: readonly string[];
}

const WIDTH = 30;

/** A bar that is drawn in place, and nothing where no terminal watches. */
export function rangeMeter(
  out: Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'>,
  nowMs = () => performance.now(),
) {
  const startMs = nowMs();
  let startShare: number | undefined;
  let isDrawn = false;
  return {
    show({ share, read, all, counts }: RangeState): void {
      if (!out.isTTY) return;
      startShare ??= share;
      const seconds = Math.max(0.001, (nowMs() - startMs) / 1000);
      const gained = share - startShare;
      const left = gained > 0 && share < 1 ? `, ${leftIn((seconds * (1 - share)) / gained)} left` : '';
      const bar = '#'.repeat(Math.floor(share * WIDTH)).padEnd(WIDTH);
      const text = `[${bar}] ${Math.floor(share * 100)} % of ${all}, ${Math.round(read / seconds)}/s${left}`;
      out.write(`\r\u001B[K${fitted([text, ...counts].join(', '), out.columns)}`);
      isDrawn = true;
    },
    end(): void {
      if (isDrawn) out.write('\n');
    },
  };
}

function leftIn(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}
