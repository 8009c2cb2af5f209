import type { SluiceError } from '#contract/errors.ts';
import { pause, withDeadline } from '#kit/deadline.ts';
import type { Partitions } from '../kafka-client.ts';
import { kafkaErrorIn } from '../kafka-error.ts';
import type { Link } from '../link.ts';
import { retryUntilReady } from '../retry-until-ready.ts';
import type { Assignment } from './assignment.ts';
import { Epoch, type EpochEnd } from './epoch.ts';
import type { GroupMember } from './group-member.ts';
import { sendHeartbeats } from './heartbeats.ts';
import { OffsetCommitter } from './offset-committer.ts';
import { SourceHealth } from './source-health.ts';

const REJOIN_MS = 200;
const CHECK_MS = 1000;
/** Once a minute the partitions of the topics are counted. */
const COUNT_EVERY = 60;
const CLOSE_MS = 2000;
const LEAVE_MS = 1000;

/** The generation is over for this member: others may own the partitions already. */
const LOST = new Set(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID']);
const MOVED = new Set(['NOT_COORDINATOR_FOR_GROUP', 'GROUP_COORDINATOR_NOT_AVAILABLE']);
/** The cluster is about to have a coordinator for the group. */
const WAITING = new Set([...MOVED, 'GROUP_LOAD_IN_PROGRESS']);
/** The group rebalances during the join. */
const AGAIN = new Set(['UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION']);

export interface MembershipSettings {
  readonly topics: readonly string[];
  readonly sessionMs: number;
  /** How long the deliveries in flight may take at a rebalance. */
  readonly drainMs: number;
}

/**
 * Membership in a group, over one epoch after the other, until closed. Heartbeats go on during the whole epoch. At a
 * rebalance the member hands nothing more over, drains what is in flight, commits, and joins again; what is settled after
 * that is not committed here (invariant 2).
 */
export class Membership {
  readonly #link: Link;
  readonly #member: GroupMember;
  readonly #assignment: Assignment;
  readonly #settings: MembershipSettings;
  readonly #health: SourceHealth;
  readonly #commits: OffsetCommitter;
  #epoch: Epoch | undefined;
  #counts = new Map<string, number>();
  #joinsSince: number | undefined;

  constructor(link: Link, member: GroupMember, assignment: Assignment, settings: MembershipSettings) {
    this.#link = link;
    this.#member = member;
    this.#assignment = assignment;
    this.#settings = settings;
    this.#health = new SourceHealth(link, () => this.#epoch?.reason !== undefined);
    this.#commits = new OffsetCommitter(member, assignment, {
      epoch: () => (this.#epoch?.reason === 'lost' ? undefined : this.#epoch),
      failed: (thrown) => {
        const isEnd = this.#endsEpoch(thrown);
        if (!isEnd && !link.closed) this.#health.failed('commit', thrown);
        return isEnd;
      },
      succeeded: () => this.#health.succeeded('commit'),
    });
    assignment.listen({
      moved: (isMuch) => {
        if (this.#epoch?.reason !== undefined) return;
        if (isMuch) this.#commits.gathered();
        else this.#commits.soon();
      },
      awaited: () => this.#commits.hurry(),
      checkSession: () => this.#epoch?.checkSession(),
      failed: (part, thrown) => this.#health.failed(part, thrown),
      succeeded: (part) => this.#health.succeeded(part),
    });
  }

  /** Resolves once partitions are assigned, which may be none. Rejects when context.signal aborts. */
  async open(): Promise<void> {
    try {
      await this.#enter(this.#link.context.signal);
    } catch (thrown) {
      await this.close();
      throw thrown;
    }
    void this.#run();
  }

  /** Commits what was settled, leaves the group, and ends the connections, within about 3 s. */
  async close(): Promise<void> {
    const wasMember = this.#epoch !== undefined && this.#epoch.reason !== 'lost';
    this.#end('closed');
    this.#assignment.pause();
    this.#commits.stop();
    if (wasMember && !this.#link.closed) {
      await withDeadline(this.#commits.now(), CLOSE_MS, late).catch(() => {});
      this.#assignment.endCheckpoint();
      await withDeadline(this.#member.leave(), LEAVE_MS, late).catch(() => {});
    }
    this.#link.close();
  }

  /** One epoch after the other. */
  async #run(): Promise<void> {
    for (let epoch = this.#epoch; epoch !== undefined && !this.#link.closed; epoch = this.#epoch) {
      const current = epoch;
      const finishing = this.#finish(current).finally(() => current.finish());
      await Promise.all([this.#beat(current), this.#pollMetadata(current), finishing]);
      if (current.reason === 'closed') return;
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
      this.#health.joinFailed(thrown);
      throw thrown;
    }
  }

  /** Joins until one join is not interrupted: the group may rebalance meanwhile. */
  async #join(): Promise<void> {
    while (!this.#link.closed) {
      await this.#link.ping();
      for (const topic of this.#settings.topics) {
        this.#counts.set(topic, (await this.#link.ensureTopic(topic)).length);
      }
      try {
        this.#joinsSince = performance.now();
        const partitions = await this.#member.join(this.#counts);
        const joinedMs = performance.now();
        this.#joinsSince = undefined;
        await this.#assignment.begin(this.#member, partitions);
        return this.#joined(partitions, joinedMs);
      } catch (thrown) {
        this.#assignment.pause();
        const type = kafkaErrorIn(thrown)?.type ?? '';
        if (type === 'UNKNOWN_MEMBER_ID') this.#member.resetMemberId();
        if (type === 'FENCED_INSTANCE_ID' && this.#renewsInstance()) continue;
        if (MOVED.has(type)) this.#member.invalidateCoordinator();
        if (WAITING.has(type)) await pause(REJOIN_MS, this.#link.signal);
        else if (!AGAIN.has(type)) throw thrown;
      } finally {
        this.#joinsSince = undefined;
      }
    }
  }

  #joined(partitions: Partitions, joinedMs: number): void {
    if (this.#link.closed) return;
    this.#epoch = new Epoch(this.#settings.sessionMs, joinedMs);
    this.#epoch.lost.addEventListener('abort', () => this.#assignment.revoke(), { once: true });
    this.#health.reset();
    const count = [...partitions.values()].reduce((sum, numbers) => sum + numbers.length, 0);
    const all = [...this.#counts.values()].reduce((sum, number) => sum + number, 0);
    this.#link.connected(`reading ${count} of ${all} partitions of ${[...this.#counts.keys()].join(', ')}`);
    this.#commits.soon();
  }

  /** The report when joining takes long. */
  #slow(): SluiceError | undefined {
    if (this.#joinsSince === undefined)
      return this.#link.error('BUS_UNREACHABLE', 'no answer yet: check brokers and that the servers run');
    const text = `${this.#link.context.connection}: the group waits for a member that is gone or slow, for as long as its session or the rebalance timeout lasts`;
    this.#link.context.report({ kind: 'notice', code: 'GROUP_WAITS', text });
    return undefined;
  }

  #end(reason: EpochEnd): void {
    this.#epoch?.end(reason);
  }

  /** Waits for the epoch's end, and drains what is in flight as far as there is time. */
  async #finish(epoch: Epoch): Promise<void> {
    await aborted(epoch.over);
    this.#assignment.pause();
    if (epoch.reason !== 'rebalance') return;
    let isDrained = true;
    const drained = Promise.race([this.#assignment.drained(), aborted(this.#link.signal)]);
    const deadline = performance.now() + this.#settings.drainMs;
    await withDeadline(drained, this.#settings.drainMs, late).catch(() => {
      isDrained = false;
      const text = `${this.#link.context.connection}: the group divides anew while messages are in flight: others may read them again`;
      this.#link.context.report({ kind: 'notice', code: 'REBALANCE_IN_FLIGHT', text });
    });
    // A heartbeat may have shown meanwhile that the group went on without this member.
    if (epoch.isForfeit) return;
    await withDeadline(this.#commits.now(), Math.max(CLOSE_MS, deadline - performance.now()), late).catch(() => {});
    if (!isDrained) this.#assignment.revoke();
  }

  #beat(epoch: Epoch): Promise<void> {
    return sendHeartbeats(epoch, this.#settings.sessionMs, {
      heartbeat: () => this.#member.heartbeat(),
      succeeded: () => this.#health.succeeded('heartbeat'),
      failed: (thrown) => {
        const isAnswered = this.#endsEpoch(thrown);
        if (!isAnswered) this.#health.failed('heartbeat', thrown);
        return isAnswered;
      },
    });
  }

  /** No server announces that a partition has a leader again, or that a topic has got more partitions: both are polled. */
  async #pollMetadata(epoch: Epoch): Promise<void> {
    let polls = 0;
    for (;;) {
      await pause(CHECK_MS, epoch.over);
      if (epoch.reason !== undefined) return;
      polls += 1;
      if (this.#assignment.isStuck)
        this.#health.failed('fetch', this.#link.error('BUS_UNREACHABLE', 'nothing is fetched'));
      else this.#health.succeeded('fetch');
      const isTimeToCount = polls % COUNT_EVERY === 0;
      if (isTimeToCount || this.#assignment.needsLeaders) await this.#assignment.findLeaders();
      if (isTimeToCount) await this.#countPartitions();
    }
  }

  async #countPartitions(): Promise<void> {
    for (const [topic, count] of this.#counts) {
      const partitions = await this.#link.partitions(topic).catch(() => undefined);
      if (partitions !== undefined && partitions.length !== count) this.#end('rebalance');
    }
  }

  /** Whether an error of the coordinator ends the epoch; then it is ended. */
  #endsEpoch(thrown: unknown): boolean {
    const type = kafkaErrorIn(thrown)?.type;
    if (type === undefined) return false;
    if (MOVED.has(type)) this.#member.invalidateCoordinator();
    if (type === 'UNKNOWN_MEMBER_ID') this.#member.resetMemberId();
    if (type === 'FENCED_INSTANCE_ID' && !this.#renewsInstance()) this.#link.reportProblem(this.#link.errorOf(thrown));
    if (LOST.has(type)) this.#end('lost');
    else if (type === 'REBALANCE_IN_PROGRESS') this.#end('rebalance');
    else return false;
    return true;
  }

  #renewsInstance(): boolean {
    if (!this.#member.renewInstance()) return false;
    const text = `${this.#link.context.connection}: another process is the same member of the group: one state folder is a copy of the other. This process goes on as another member`;
    this.#link.context.report({ kind: 'notice', code: 'GROUP_INSTANCE_RENEWED', text });
    return true;
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
