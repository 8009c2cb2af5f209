import type { KeyObject } from 'node:crypto';
import type { Label } from '#contract/message.ts';
import { after } from '#kit/timer.ts';
import { approverKey, type ApprovalStatement, type Grant, isGranted, keyText } from './approval.ts';
import type { ApprovalSpec } from './guard-spec.ts';
import { Refusal } from './step.ts';

const LOOK_MS = 250;
/** Less than LOOK_MS: each look of a message sees what is new, and many messages share one. */
const SHARED_MS = 200;
/** Each purge reads all that waits. */
const PURGE_MS = 60_000;

/** A message that waits for approval, as its approvers see it. */
export interface Pending {
  readonly statement: ApprovalStatement;
  /** What would leave. */
  readonly body: string;
  /** It was approved and handed on; kept until it expires, for the message may come again after a crash. */
  readonly isUsed: boolean;
}

/** Where pending messages and what was signed for them outlive the process. Throws where it cannot be read or written. */
export interface PendingStore {
  read(id: string): Pending | undefined;
  write(pending: Pending): void;
  grants(id: string): readonly Grant[];
  /** Ids for which something was signed. */
  signed(): ReadonlySet<string>;
  remove(id: string): void;
  /** Removes what has expired. */
  purge(nowMs: number): void;
}

/** Who must approve which messages. */
export class Approvals {
  readonly #spec: ApprovalSpec;
  readonly #keys: ReadonlyMap<string, KeyObject>;
  readonly #store: PendingStore;
  readonly #isWanted: (label: Label) => boolean;
  readonly #nowMs: () => number;
  #signed: { readonly ids: ReadonlySet<string>; readonly atMs: number } | undefined;
  #purgedAtMs: number;

  /** Throws TypeError for a key that is none. */
  constructor(
    spec: ApprovalSpec,
    { store, isWanted, nowMs }: { store: PendingStore; isWanted: (label: Label) => boolean; nowMs: () => number },
  ) {
    this.#spec = spec;
    this.#keys = new Map([...spec.by].map(([name, text]) => [name, approverKey(text)]));
    this.#store = store;
    this.#isWanted = isWanted;
    this.#nowMs = nowMs;
    this.#purgedAtMs = nowMs();
    store.purge(this.#purgedAtMs);
  }

  isWanted(label: Label): boolean {
    return this.#isWanted(label);
  }

  /**
   * The request for a message. One that waits since an earlier process keeps its time and its signatures; where anything else of it
   * has changed, the rules among it, it begins anew without any.
   */
  request(wanted: Omit<ApprovalStatement, 'expiresAtMs'>, body: string): { pending: Pending; isNew: boolean } {
    const nowMs = this.#nowMs();
    const known = this.#store.read(wanted.id);
    if (known !== undefined && this.#isInTime(known, nowMs) && isSame(known.statement, wanted)) {
      return { pending: known, isNew: false };
    }
    this.#store.remove(wanted.id);
    this.#purge(nowMs);
    const pending = { statement: { ...wanted, expiresAtMs: nowMs + this.#spec.forMs }, body, isUsed: false };
    this.#store.write(pending);
    return { pending, isNew: true };
  }

  /** A file that was edited by hand, or written under another clock, gives no time beyond that of the rules. */
  #isInTime({ statement: { expiresAtMs } }: Pending, nowMs: number): boolean {
    return expiresAtMs > nowMs && expiresAtMs <= nowMs + this.#spec.forMs;
  }

  /** Names of those who approved, once they are enough. Rejects with a Refusal once the time is over, or `isOver` says so. */
  async granted({ statement }: Pending, isOver: () => boolean): Promise<readonly string[]> {
    for (;;) {
      if (isOver()) throw new Refusal('stopped');
      if (statement.expiresAtMs <= this.#nowMs()) throw new Refusal('expired');
      const names = this.#approvers(statement);
      if (names.length >= this.#spec.count) return names;
      await new Promise<void>((resolve) => {
        after(LOOK_MS, resolve);
      });
    }
  }

  /** It leaves now. */
  used(pending: Pending): void {
    this.#store.write({ ...pending, isUsed: true });
  }

  /** It does not leave. */
  forget({ statement }: Pending): void {
    try {
      this.#store.remove(statement.id);
    } catch {
      // Its time is over: what stays of it counts for nothing, and is removed with the next one.
    }
  }

  #purge(nowMs: number): void {
    if (Math.abs(nowMs - this.#purgedAtMs) < PURGE_MS) return;
    this.#purgedAtMs = nowMs;
    this.#store.purge(nowMs);
  }

  #isSigned(id: string): boolean {
    const atMs = performance.now();
    if (this.#signed === undefined || atMs - this.#signed.atMs >= SHARED_MS) {
      this.#signed = { ids: this.#store.signed(), atMs };
    }
    return this.#signed.ids.has(id);
  }

  /** Different principals with different keys. A signature that is none counts for nobody. */
  #approvers(statement: ApprovalStatement): readonly string[] {
    const byKey = new Map<string, string>();
    if (!this.#isSigned(statement.id)) return [];
    for (const grant of this.#store.grants(statement.id)) {
      const key = this.#keys.get(grant.as);
      if (key !== undefined && isGranted(grant, statement, key)) byKey.set(keyText(key), grant.as);
    }
    return [...new Set(byKey.values())].toSorted();
  }
}

function isSame(known: ApprovalStatement, wanted: Omit<ApprovalStatement, 'expiresAtMs'>): boolean {
  return Object.entries(wanted).every(([name, value]) => Reflect.get(known, name) === value);
}
