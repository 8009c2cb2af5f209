import { harmless, oneLine } from '#kit/printable.ts';

/** The times of a part: of the wall clock for people, and of a clock that does not jump for durations. */
export interface HealthTime {
  readonly nowMs: () => number;
  readonly elapsedMs: () => number;
}

/** One connection of one route, `positions source`, or another part that can fail. */
export interface HealthPart {
  readonly name: string;
  readonly isUp: boolean;
  /** Why it is not, for operators; undefined while it is up. */
  readonly why: string | undefined;
  /** What an operator does about it; undefined where nobody knows more than `why`. */
  readonly remedy: string | undefined;
  /** When the state began, by the wall clock. */
  readonly sinceMs: number;
  /** How long it lasts. */
  readonly forMs: number;
}

/** An answer of /readyz. */
export interface Readiness {
  readonly isReady: boolean;
  readonly text: string;
}

interface Moment {
  readonly sinceMs: number;
  readonly sinceElapsedMs: number;
}

interface Part extends Moment {
  readonly why: string | undefined;
  readonly remedy: string | undefined;
}

const SYSTEM: HealthTime = { nowMs: () => Date.now(), elapsedMs: () => performance.now() };
const DRAINING = 'draining';
/** Of one request, that the answer repeats: a stranger may ask. */
const MOST_UNKNOWN = 8;

/** The readiness of the process: which connections are up, since when they are not, and whether it takes work. */
export class Health {
  readonly #parts = new Map<string, Part>();
  readonly #time: HealthTime;
  #draining: Moment | undefined;
  #isStarted = false;

  constructor(time: HealthTime = SYSTEM) {
    this.#time = time;
  }

  /** `why` and `remedy` are for operators; they may change while the part stays down, and the time of its failure does not. */
  set(name: string, isUp: boolean, why = 'not up', remedy?: string): void {
    const before = this.#parts.get(name);
    const isSame = before !== undefined && (before.why === undefined) === isUp;
    const { sinceMs, sinceElapsedMs } = isSame ? before : this.#now();
    const state = isUp ? { why: undefined, remedy: undefined } : { why, remedy };
    this.#parts.set(name, { ...state, sinceMs, sinceElapsedMs });
  }

  /** The process takes no new work from now on. */
  drain(): void {
    this.#draining ??= this.#now();
  }

  get isDraining(): boolean {
    return this.#draining !== undefined;
  }

  /** Every connection is up and the process is not stopping. Backpressure does not affect readiness. */
  get isReady(): boolean {
    return this.#isReadyWithout(new Set());
  }

  /** Every route was up once. */
  started(): void {
    this.#isStarted = true;
  }

  get isStarted(): boolean {
    return this.#isStarted;
  }

  /** In the order in which they were made; draining is one, while it lasts. */
  parts(): readonly HealthPart[] {
    const nowElapsedMs = this.#time.elapsedMs();
    const parts = [...this.#parts].map(([name, { why, remedy, sinceMs, sinceElapsedMs }]) => {
      return { name, isUp: why === undefined, why, remedy, sinceMs, forMs: nowElapsedMs - sinceElapsedMs };
    });
    if (this.#draining === undefined) return parts;
    const { sinceMs, sinceElapsedMs } = this.#draining;
    const why = 'the process stops: it reads no more and ends what it holds';
    const draining = { name: DRAINING, isUp: false, why, remedy: undefined };
    return [...parts, { ...draining, sinceMs, forMs: nowElapsedMs - sinceElapsedMs }];
  }

  /** One line each, `[+]positions source ok`, and beneath what is not up: since when, and what to do. */
  report(): string {
    return this.readiness(new Set(), true).text;
  }

  /**
   * The answer of /readyz. `excluded`: names of parts that do not count. A name that no part has is told, and changes nothing: the
   * probe that was meant for another version must not turn red by it. `isVerbose`: parts are listed where all is well, too. `isBrief`: for
   * strangers, without the reasons, which name servers and users.
   */
  readiness(excluded: ReadonlySet<string>, isVerbose: boolean, isBrief = false): Readiness {
    const isReady = this.#isReadyWithout(excluded);
    const parts = this.parts();
    const lines =
      isReady && !isVerbose ? ['ok'] : parts.flatMap((part) => linesOf(part, excluded.has(part.name), isBrief));
    if (parts.length === 0 && !isReady) lines.push('[-]start nothing is connected yet');
    const known = new Set(parts.map(({ name }) => name));
    const unknown = [...excluded].filter((name) => !known.has(name));
    for (const [at, name] of unknown.slice(0, MOST_UNKNOWN).entries()) {
      const there = at === 0 ? `. There are: ${[...known].join(', ')}` : '';
      lines.push(`warn: exclude=${printable(name)} names no part${there}`);
    }
    if (unknown.length > MOST_UNKNOWN) lines.push(`warn: ${unknown.length - MOST_UNKNOWN} more names are of no part`);
    return { isReady, text: `${lines.join('\n')}\n` };
  }

  #isReadyWithout(excluded: ReadonlySet<string>): boolean {
    if (this.#draining !== undefined && !excluded.has(DRAINING)) return false;
    return this.#parts.size > 0 && [...this.#parts].every(([name, { why }]) => why === undefined || excluded.has(name));
  }

  #now(): Moment {
    return { sinceMs: this.#time.nowMs(), sinceElapsedMs: this.#time.elapsedMs() };
  }
}

function linesOf(part: HealthPart, isExcluded: boolean, isBrief: boolean): readonly string[] {
  const { name, remedy, sinceMs, forMs } = part;
  const why = isBrief && part.why !== undefined ? 'not up: who sends the token is told why' : part.why;
  if (isExcluded) return [`[+]${name} excluded: ${why === undefined ? 'ok' : oneLine(why)}`];
  if (why === undefined) return [`[+]${name} ok`];
  const since = `    since ${new Date(sinceMs).toISOString()}, for ${lasted(forMs)}`;
  return [`[-]${name} ${oneLine(why)}`, since, ...(remedy === undefined || isBrief ? [] : [`    ${oneLine(remedy)}`])];
}

/** `12 s`, `3 min`, `2 h`: what a person needs of a duration. */
export function lasted(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

function printable(text: string): string {
  return harmless(oneLine(text)).slice(0, 100);
}
