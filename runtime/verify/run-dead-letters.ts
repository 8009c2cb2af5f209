import type { Frame } from '#contract/frame.ts';
import { openDeadLetterAdmin } from '../store/dead-letters/admin.ts';
import { nameOf, readMark } from './mark.ts';

/** Dead letters of one cause. */
export interface LetterCause {
  readonly code: string;
  readonly stage: string | undefined;
  readonly count: number;
  /** The text of the first one. */
  readonly text: string;
}

/** The dead letters that a check has caused in the state folder of the judged pipeline, which may be running. */
export interface RunDeadLetters {
  readonly names: ReadonlySet<string>;
  readonly causes: readonly LetterCause[];
  readonly numbers: readonly number[];
}

/** The dead letters of one run of the checker. Throws STATE_UNUSABLE, STATE_DAMAGED. */
export function readRunDeadLetters(folder: string, run: string, route: string | undefined): RunDeadLetters {
  const deadLetters = openDeadLetterAdmin(folder);
  const names = new Set<string>();
  const numbers: number[] = [];
  const causes = new Map<string, LetterCause>();
  if (deadLetters === undefined) return { names, numbers, causes: [] };
  try {
    for (const { frame, number, code, stage, text } of deadLetters.each(
      route === undefined ? {} : { routes: [route] },
    )) {
      const name = nameIn(frame, run);
      if (name === undefined) continue;
      names.add(name);
      numbers.push(number);
      const key = `${code} ${stage ?? ''}`;
      const { count, text: first } = causes.get(key) ?? { count: 0, text };
      causes.set(key, { code, stage, count: count + 1, text: first });
    }
  } finally {
    deadLetters.close();
  }
  return { names, numbers, causes: [...causes.values()].toSorted((a, b) => b.count - a.count) };
}

/** Removes them for good: they have no use once they are counted. Returns their number. */
export function removeRunDeadLetters(folder: string, { numbers }: RunDeadLetters): number {
  if (numbers.length === 0) return 0;
  const deadLetters = openDeadLetterAdmin(folder);
  try {
    return deadLetters?.discard({ numbers }) ?? 0;
  } finally {
    deadLetters?.close();
  }
}

function nameIn(frame: Pick<Frame, 'headers' | 'body'>, run: string): string | undefined {
  for (const place of ['header', 'body'] as const) {
    const reading = readMark(frame, place);
    if (reading.kind !== 'unreadable' && reading.mark.run === run) return nameOf(reading.mark);
  }
  return undefined;
}
