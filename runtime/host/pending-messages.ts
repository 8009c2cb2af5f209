import { asMap } from '#kit/json-value.ts';
import type { ApprovalStatement, Grant } from '../guards/approval.ts';
import type { Pending, PendingStore } from '../guards/approvals.ts';
import { PendingFiles } from '../store/guards/pending-files.ts';
import { pendingFolder } from '../store/guards/guard-files.ts';

const TEXTS = [
  'pipeline',
  'guard',
  'id',
  'in',
  'out',
  'from',
  'to',
  'policy',
] as const satisfies readonly (keyof ApprovalStatement)[];

/** The messages of one guard that wait for approval, in the state folder. */
export class PendingMessages implements PendingStore {
  readonly #files: PendingFiles;

  constructor(stateFolder: string, guard: string) {
    this.#files = new PendingFiles(pendingFolder(stateFolder, guard));
  }

  /** Those that wait at this moment. */
  list(nowMs: number): readonly Pending[] {
    return this.#files
      .ids()
      .flatMap((id) => this.read(id) ?? [])
      .filter(({ isUsed, statement }) => !isUsed && statement.expiresAtMs > nowMs);
  }

  read(id: string): Pending | undefined {
    const { statement, body, isUsed } = asMap(this.#files.read(id));
    const words = asMap(statement);
    const { expiresAtMs } = words;
    if (typeof body !== 'string' || typeof expiresAtMs !== 'number') return undefined;
    const texts: Partial<Record<(typeof TEXTS)[number], string>> = {};
    for (const name of TEXTS) {
      const text = words[name];
      if (typeof text !== 'string') return undefined;
      texts[name] = text;
    }
    const { pipeline = '', guard = '', in: input = '', out = '', from = '', to = '', policy = '' } = texts;
    return {
      statement: { pipeline, guard, id, in: input, out, from, to, policy, expiresAtMs },
      body,
      isUsed: isUsed === true,
    };
  }

  write(pending: Pending): void {
    this.#files.write(pending.statement.id, pending);
  }

  grants(id: string): readonly Grant[] {
    return this.#files.grants(id).flatMap(({ as, value }) => {
      const { signature } = asMap(value);
      return typeof signature === 'string' ? [{ as, signature }] : [];
    });
  }

  signed(): ReadonlySet<string> {
    return this.#files.signed();
  }

  grant(id: string, grant: Grant): void {
    this.#files.grant(id, grant.as, grant);
  }

  remove(id: string): void {
    this.#files.remove(id);
  }

  purge(nowMs: number): void {
    for (const id of this.#files.ids()) {
      const pending = this.read(id);
      if (pending === undefined || pending.statement.expiresAtMs <= nowMs) this.#files.remove(id);
    }
  }
}
