import { Dropped, isKept, Joined, type StageResult } from '#contract/stage.ts';
import type { Message } from '#contract/message.ts';
import type { Received } from '#contract/rehearsed.ts';
import { type BodyChange, bodyDiff, shown } from './body-diff.ts';
import type { StageEnd } from '../watched-stages.ts';

/** What one stage did with a message. */
export interface StageStep {
  readonly stage: string;
  readonly attempt: number;
  readonly tookMs: number;
  /** Of the one result; of several each body is new. */
  readonly changes: readonly BodyChange[];
  /** `dropped: no reading`, `3 messages`; undefined where one body goes on. */
  readonly note: string | undefined;
}

export type TrialEnd =
  | 'delivered'
  | 'dropped'
  | 'dead letter'
  | 'superseded'
  | 'expired'
  | 'repeated'
  | 'waiting'
  | 'lost';

/** What became of one message on one route. */
export interface TrialMessage {
  /** The line of the input. */
  readonly line: number;
  readonly route: string;
  readonly address: string;
  readonly key: string | undefined;
  readonly label: string | undefined;
  readonly stages: readonly StageStep[];
  readonly end: TrialEnd;
  readonly reason: string | undefined;
  readonly sent: readonly Received[];
}

/** Of all runs of one stage. */
export interface StageTimes {
  readonly route: string;
  readonly stage: string;
  runs: number;
  totalMs: number;
  mostMs: number;
}

/** Notes what stages do: of every message its time, of those that are shown their changes too. */
export class StageNotes {
  readonly times = new Map<string, StageTimes>();
  readonly #steps = new Map<string, StageStep[]>();
  readonly #find: (message: Message) => { readonly id: string; readonly isShown: boolean };

  /** `find`: the id of the delivery that a message was made of, and whether its steps are noted. */
  constructor(find: (message: Message) => { readonly id: string; readonly isShown: boolean }) {
    this.#find = find;
  }

  observe(route: string, stage: string, message: Message, attempt: number): (end: StageEnd) => void {
    const times = this.#timesOf(route, stage);
    const { id, isShown } = this.#find(message);
    // A function may change the body that it was given.
    const before: unknown = isShown ? copyOf(message.body) : undefined;
    return ({ result, failure, tookMs }) => {
      times.runs += 1;
      times.totalMs += tookMs;
      times.mostMs = Math.max(times.mostMs, tookMs);
      if (!isShown) return;
      const steps = this.#steps.get(id) ?? [];
      this.#steps.set(id, steps);
      const { bodies, note } = read(result, failure);
      const changes = bodies.length === 1 ? bodyDiff(before, bodies[0]) : bodies.map(added);
      steps.push({ stage, attempt, tookMs, changes, note });
    };
  }

  /** By the id of a delivery. */
  steps(id: string): readonly StageStep[] {
    return this.#steps.get(id) ?? [];
  }

  /** It has ended. */
  forget(id: string): void {
    this.#steps.delete(id);
  }

  #timesOf(route: string, stage: string): StageTimes {
    const name = `${route} ${stage}`;
    let found = this.times.get(name);
    if (found === undefined) {
      found = { route, stage, runs: 0, totalMs: 0, mostMs: 0 };
      this.times.set(name, found);
    }
    return found;
  }
}

/** Without the numbers of what stages split. */
export function rootOf(id: string): string {
  return id.replace(/(?:\.\d+)+(?:~to\d+)?$|~to\d+$/, '');
}

function added(body: unknown, at: number): BodyChange {
  return { sign: '+', at: `[${at}]`, value: shown(body) };
}

function read(
  result: StageResult | undefined,
  failure: unknown,
): { bodies: readonly unknown[]; note: string | undefined } {
  if (result === undefined) {
    return { bodies: [], note: `failed: ${failure instanceof Error ? failure.message : String(failure)}` };
  }
  if (result instanceof Dropped) return { bodies: [], note: `dropped: ${result.reason}` };
  if (isKept(result)) return { bodies: [], note: 'kept for a later message' };
  const messages = messagesOf(result);
  const note = messages.length === 1 ? undefined : `${messages.length} messages`;
  return { bodies: messages.map(({ body }) => body), note };
}

function messagesOf(result: Message | readonly Message[] | Joined): readonly Message[] {
  if (result instanceof Joined) return result.messages;
  return isList(result) ? result : [result];
}

function isList(result: Message | readonly Message[]): result is readonly Message[] {
  return Array.isArray(result);
}

function copyOf(body: unknown): unknown {
  try {
    return structuredClone(body);
  } catch {
    return body;
  }
}
