import type { SluiceError } from '#contract/errors.ts';
import { pause, withDeadline } from '#kit/deadline.ts';
import type { Assignment } from './assignment.ts';
import { Commits } from './offset-committer.ts';
import { failureOf } from '../client/failure.ts';
import type { GroupMember, Partitions } from './group-member.ts';
import { retryUntilReady } from '../retry-until-ready.ts';
import type { Link } from '../link.ts';

/** The beat, at most; never more than a sixth of the session. */
const BEAT_MS = 3000;
const BEAT_AGAIN_MS = 250;
const JOIN_AGAIN_MS = 200;
const ORPHANS_MS = 1000;
/** Once a minute it is looked whether topics have got more partitions. */
const COUNT_EVERY = 60;
const CLOSE_MS = 2000;
const LEAVE_MS = 1000;
/** Away for longer is worth another word. */
const SAY_AWAY_MS = 5000;

/** The generation is over for us: others may own the partitions already. */
const LOST = new Set(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID']);
const MOVED = new Set(['NOT_COORDINATOR_FOR_GROUP', 'GROUP_COORDINATOR_NOT_AVAILABLE']);
/** The cluster is about to know who keeps the group. */
const WAITING = new Set([...MOVED, 'GROUP_LOAD_IN_PROGRESS']);
/** The group divides anew while we join. */
const AGAIN = new Set(['UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION']);

export interface MembershipSettings {
  readonly topics: readonly string[];
  readonly sessionMs: number;
  /** How long what is in flight may take when the group divides anew. */
  readonly drainMs: number;
}

/** One time during which partitions are ours, from a join to the next. */
interface Epoch {
  readonly over: AbortController;
  /** After `over`, when what was in flight has ended. */
  readonly finished: AbortController;
  /** `rebalance`: the others wait while we end in order. `lost`: they do not. */
  reason: 'rebalance' | 'lost' | 'closed' | undefined;
}

/**
 * Belongs to a group, again and again until closed. While partitions are ours it beats, whatever else goes on; when the
 * group divides anew it hands nothing more over, lets what is in flight end, commits, and joins again; what is
 * settled after that is not committed by us (invariant 2).
 */
export class Membership {
  readonly #link: Link;
  readonly #member: GroupMember;
  readonly #assignment: Assignment;
  readonly #settings: MembershipSettings;
  readonly #troubles = new Map<string, number>();
  #epoch: Epoch | undefined;
  #counts = new Map<string, number>();
  readonly #commits: Commits;
  #joinsSince: number | undefined;

  constructor(link: Link, member: GroupMember, assignment: Assignment, settings: MembershipSettings) {
    this.#link = link;
    this.#member = member;
    this.#assignment = assignment;
    this.#settings = settings;
    this.#commits = new Commits(member, assignment, {
      epoch: () => (this.#epoch?.reason === 'lost' ? undefined : this.#epoch),
      failed: (thrown) => {
        const isEnd = this.#judge(thrown);
        if (!isEnd && !link.closed) this.#trouble('commit', thrown);
        return isEnd;
      },
      passed: () => this.#fine('commit'),
    });
    assignment.listen({
      moved: () => {
        if (this.#epoch?.reason === undefined) this.#commits.soon();
      },
      trouble: (what, thrown) => this.#trouble(what, thrown),
      fine: (what) => this.#fine(what),
    });
  }

  /** Resolves once partitions are ours, which may be none. Rejects when context.signal aborts. */
  async open(): Promise<void> {
    try {
      await this.#enter(this.#link.context.signal);
    } catch (thrown) {
      await this.close();
      throw thrown;
    }
    void this.#live();
  }

  /** Commits what was settled, leaves, and lets go, within about 3 s. */
  async close(): Promise<void> {
    const wasOurs = this.#epoch !== undefined && this.#epoch.reason !== 'lost';
    this.#end('closed');
    this.#assignment.pause();
    this.#commits.stop();
    if (wasOurs && !this.#link.closed) {
      await withDeadline(this.#commits.now(), CLOSE_MS, late).catch(() => {});
      await withDeadline(this.#member.leave(), LEAVE_MS, late).catch(() => {});
    }
    this.#link.close();
  }

  /** One epoch after the other. */
  async #live(): Promise<void> {
    for (let epoch = this.#epoch; epoch !== undefined && !this.#link.closed; epoch = this.#epoch) {
      const finishing = this.#finish(epoch).finally(() => epoch.finished.abort());
      await Promise.all([this.#beat(epoch), this.#lookAround(epoch), finishing]);
      if (epoch.reason === 'closed') return;
      // Rejects only when the link is closed.
      await this.#enter(this.#link.signal).catch(() => {});
    }
  }

  async #enter(signal: AbortSignal): Promise<void> {
    await retryUntilReady(
      this.#link,
      signal,
      () => this.#attempt(),
      () => this.#slow(),
    );
  }

  async #attempt(): Promise<void> {
    try {
      await this.#join();
    } catch (thrown) {
      this.#troubles.set('group', performance.now());
      this.#link.disconnected(this.#link.errorOf(thrown).message);
      throw thrown;
    }
  }

  /** Until nobody disturbs it: the group may divide anew while we join. */
  async #join(): Promise<void> {
    while (!this.#link.closed) {
      await this.#link.ping();
      for (const topic of this.#settings.topics) {
        this.#counts.set(topic, (await this.#link.insistOnTopic(topic)).length);
      }
      try {
        this.#joinsSince = performance.now();
        const partitions = await this.#member.join(this.#counts);
        this.#joinsSince = undefined;
        await this.#assignment.begin(this.#member, partitions);
        return this.#begun(partitions);
      } catch (thrown) {
        this.#assignment.pause();
        const { type = '' } = failureOf(thrown);
        if (type === 'UNKNOWN_MEMBER_ID') this.#member.forget();
        if (type === 'FENCED_INSTANCE_ID' && this.#goesOnAsAnother()) continue;
        if (MOVED.has(type)) this.#member.doubtCoordinator();
        if (WAITING.has(type)) await pause(JOIN_AGAIN_MS, this.#link.signal);
        else if (!AGAIN.has(type)) throw thrown;
      } finally {
        this.#joinsSince = undefined;
      }
    }
  }

  #begun(partitions: Partitions): void {
    if (this.#link.closed) return;
    this.#epoch = { over: new AbortController(), finished: new AbortController(), reason: undefined };
    this.#troubles.clear();
    const count = [...partitions.values()].reduce((sum, numbers) => sum + numbers.length, 0);
    const all = [...this.#counts.values()].reduce((sum, number) => sum + number, 0);
    this.#link.connected(`reading ${count} of ${all} partitions of ${[...this.#counts.keys()].join(', ')}`);
    this.#commits.soon();
  }

  /** What there is to say when joining takes long. */
  #slow(): SluiceError | undefined {
    if (this.#joinsSince === undefined)
      return this.#link.error('BUS_UNREACHABLE', 'no answer yet: check brokers and that the servers run');
    const text = `${this.#link.context.connection}: the group waits for a member that is gone or slow, for as long as its session or the rebalance timeout lasts`;
    this.#link.context.report({ kind: 'notice', code: 'GROUP_WAITS', text });
    return undefined;
  }

  #end(reason: NonNullable<Epoch['reason']>): void {
    const epoch = this.#epoch;
    // A generation that is lost while it drains is lost.
    if (epoch === undefined || (epoch.reason !== undefined && reason === 'rebalance')) return;
    epoch.reason = reason;
    epoch.over.abort(reason);
  }

  /** Waits for the epoch's end, and ends what is in flight as far as there is time. */
  async #finish(epoch: Epoch): Promise<void> {
    await aborted(epoch.over.signal);
    this.#assignment.pause();
    if (epoch.reason !== 'rebalance') return;
    const drained = Promise.race([this.#assignment.drained(), aborted(this.#link.signal)]);
    const deadline = performance.now() + this.#settings.drainMs;
    await withDeadline(drained, this.#settings.drainMs, late).catch(() => {
      const text = `${this.#link.context.connection}: the group divides anew while messages are in flight: others may read them again`;
      this.#link.context.report({ kind: 'notice', code: 'REBALANCE_IN_FLIGHT', text });
    });
    // Heartbeats may have said meanwhile that the group went on without us.
    if (this.#isOver(epoch)) return;
    await withDeadline(this.#commits.now(), Math.max(CLOSE_MS, deadline - performance.now()), late).catch(() => {});
  }

  #isOver(epoch: Epoch): boolean {
    return epoch.reason === 'lost' || epoch.reason === 'closed';
  }

  /** Says that we live until the epoch has ended and what was in flight with it. */
  async #beat(epoch: Epoch): Promise<void> {
    const { sessionMs } = this.#settings;
    const beatMs = Math.min(BEAT_MS, sessionMs / 6);
    let heardAtMs = performance.now();
    let waitMs = beatMs;
    for (;;) {
      await pause(waitMs, epoch.finished.signal);
      if (epoch.finished.signal.aborted || this.#isOver(epoch)) return;
      try {
        await this.#member.heartbeat();
        heardAtMs = performance.now();
        waitMs = beatMs;
        this.#fine('heartbeat');
      } catch (thrown) {
        const isAnswered = this.#judge(thrown);
        waitMs = isAnswered ? beatMs : BEAT_AGAIN_MS;
        if (isAnswered) heardAtMs = performance.now();
        else this.#trouble('heartbeat', thrown);
        if (performance.now() - heardAtMs > sessionMs) this.#end('lost');
      }
    }
  }

  /** Partitions may be led by nobody for a while, and topics get more of them: of both nobody tells us. */
  async #lookAround(epoch: Epoch): Promise<void> {
    let looks = 0;
    for (;;) {
      await pause(ORPHANS_MS, epoch.over.signal);
      if (epoch.reason !== undefined) return;
      looks += 1;
      if (this.#assignment.isStuck) this.#trouble('fetch', this.#link.error('BUS_UNREACHABLE', 'nothing is fetched'));
      else this.#fine('fetch');
      const isTimeToCount = looks % COUNT_EVERY === 0;
      if (isTimeToCount || this.#assignment.lacksLeaders) await this.#assignment.findLeaders();
      if (isTimeToCount) await this.#countPartitions();
    }
  }

  async #countPartitions(): Promise<void> {
    for (const [topic, count] of this.#counts) {
      const partitions = await this.#link.partitions(topic).catch(() => undefined);
      if (partitions !== undefined && partitions.length !== count) this.#end('rebalance');
    }
  }

  /** True when it ends the epoch. */
  #judge(thrown: unknown): boolean {
    const { type } = failureOf(thrown);
    if (type === undefined) return false;
    if (MOVED.has(type)) this.#member.doubtCoordinator();
    if (type === 'UNKNOWN_MEMBER_ID') this.#member.forget();
    if (type === 'FENCED_INSTANCE_ID' && !this.#goesOnAsAnother()) this.#link.reportProblem(this.#link.errorOf(thrown));
    if (LOST.has(type)) this.#end('lost');
    else if (type === 'REBALANCE_IN_PROGRESS') this.#end('rebalance');
    else return false;
    return true;
  }

  #goesOnAsAnother(): boolean {
    if (!this.#member.becomesAnother()) return false;
    const text = `${this.#link.context.connection}: another process is the same member of the group: one state folder is a copy of the other. This process goes on as another member`;
    this.#link.context.report({ kind: 'notice', code: 'GROUP_INSTANCE_RENEWED', text });
    return true;
  }

  #trouble(what: string, thrown: unknown): void {
    const since = this.#troubles.get(what) ?? performance.now();
    this.#troubles.set(what, since);
    const error = this.#link.errorOf(thrown);
    this.#link.disconnected(error.message);
    if (error.code !== 'BUS_UNREACHABLE' || performance.now() - since > SAY_AWAY_MS) this.#link.reportProblem(error);
  }

  #fine(what: string): void {
    if (!this.#troubles.delete(what) || this.#troubles.size > 0 || this.#epoch?.reason !== undefined) return;
    this.#link.connected('reading on');
  }
}

function late(): Error {
  return new Error('not in time');
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
