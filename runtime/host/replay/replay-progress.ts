import type { LogPart, LogPlace } from '#contract/log-replay.ts';

/** Of one part of the log. */
interface PartProgress {
  readonly part: LogPart;
  /** Behind the last message of the range that was read. */
  next: number;
  hasEnded: boolean;
}

/** Where a delivery lies: in the range, before or behind it, or in another log than the range was looked up in. */
export type Standing = 'within' | 'outside' | 'elsewhere';

/** How far a replay has come. It has ended once each part was read to its end and each message that it read is settled. */
export class ReplayProgress {
  readonly #parts: ReadonlyMap<string, PartProgress>;
  /** Of the range, in this process. */
  read = 0;
  #unsettled = 0;

  constructor(parts: readonly LogPart[]) {
    this.#parts = new Map(
      parts.map((part) => [part.name, { part, next: part.first, hasEnded: part.first >= part.end }]),
    );
  }

  /** Judges a delivery, in the order of its part. */
  take({ part: name, position }: LogPlace): Standing {
    const found = this.#parts.get(name);
    if (found === undefined) return 'elsewhere';
    const { first, end } = found.part;
    // A message behind the range shows that all of the range has come.
    if (position >= end - 1) found.hasEnded = true;
    if (position < first || position >= end) return 'outside';
    found.next = Math.max(found.next, position + 1);
    this.read += 1;
    this.#unsettled += 1;
    return 'within';
  }

  settled(): void {
    this.#unsettled -= 1;
  }

  /** Nothing of the part waits at the server any more. */
  end(name: string): void {
    const found = this.#parts.get(name);
    if (found !== undefined) found.hasEnded = true;
  }

  get isIdle(): boolean {
    return this.#unsettled === 0;
  }

  get isRead(): boolean {
    return [...this.#parts.values()].every(({ hasEnded }) => hasEnded);
  }

  get hasEnded(): boolean {
    return this.isRead && this.isIdle;
  }

  /** The parts that are not read to their end. */
  get open(): readonly LogPart[] {
    return [...this.#parts.values()].filter(({ hasEnded }) => !hasEnded).map(({ part }) => part);
  }

  /** From 0 to 1, by the positions of the log. */
  get share(): number {
    let all = 0;
    let done = 0;
    for (const { part, next, hasEnded } of this.#parts.values()) {
      const length = Math.max(0, part.end - part.first);
      all += length;
      done += hasEnded ? length : Math.min(length, next - part.first);
    }
    return all === 0 ? 1 : done / all;
  }
}

/** Messages of the range, at most. */
export function messagesOf(parts: readonly LogPart[]): number {
  return parts.reduce((sum, { first, end, messages }) => sum + (messages ?? Math.max(0, end - first)), 0);
}

/** Messages of the range that the log has lost, at most. */
export function goneOf(parts: readonly LogPart[]): number {
  return parts.reduce((sum, { gone = 0 }) => sum + gone, 0);
}
