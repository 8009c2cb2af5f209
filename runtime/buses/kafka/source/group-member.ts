import { SluiceError } from '#contract/errors.ts';
import { withDeadline } from '#kit/deadline.ts';
import type {
  CommittedOffset,
  GroupAssignment,
  GroupGeneration,
  JoinedGroup,
  Partitions,
  Subscription,
} from '../kafka-client.ts';
import { kafkaErrorIn } from '../kafka-error.ts';
import type { Link } from '../link.ts';
import { assignRoundRobin } from './round-robin-assignor.ts';
import type { StaticMember } from './static-member.ts';

/** Names of the one assignor that is offered: Java's, and that of kafkajs's own consumers. */
const ASSIGNORS = ['roundrobin', 'RoundRobinAssigner'] as const;
const GRACE_MS = 5000;
/** A rebalance may take longer; then the request is repeated under the same member id, which changes nothing. */
const REJOIN_MS = 20_000;
const LEAST_ANSWER_MS = 1000;
const ANSWER_MS = 10_000;
/** How often the coordinator is looked up while an answer of it is awaited. */
const LOOKUP_INTERVAL_MS = 3000;

export interface GroupSettings {
  readonly group: string;
  readonly topics: readonly string[];
  readonly identity: StaticMember;
  readonly sessionMs: number;
  readonly rebalanceMs: number;
}

/** This process as a member of a consumer group: its requests to the coordinator. None is repeated but a join. */
export class GroupMember {
  readonly #link: Link;
  readonly #settings: GroupSettings;
  #coordinator: number | undefined;
  #finding: Promise<number> | undefined;
  #memberId = '';
  #generation = -1;

  constructor(link: Link, settings: GroupSettings) {
    this.#link = link;
    this.#settings = settings;
  }

  /**
   * Joins, or joins again, and returns the partitions of this member; `counts`: how many each topic has. May take as long
   * as the group's rebalance timeout.
   */
  async join(counts: ReadonlyMap<string, number>): Promise<Partitions> {
    const { identity, topics } = this.#settings;
    const isBack = this.#memberId === '' && (identity.isNamed || identity.wasMember);
    const partitions = await this.#joinOnce();
    // A static member that returns gets its last assignment, whatever topics it wants now and however many partitions
    // they have, and so at each further start. The group rebalances when its leader joins once more.
    const isOutdated = isBack && (topics.some((topic) => !partitions.has(topic)) || identity.hasOther(counts));
    const assigned = isOutdated ? await this.#joinOnce() : partitions;
    identity.assigned(counts);
    return assigned;
  }

  async #joinOnce(): Promise<Partitions> {
    const { sessionMs, rebalanceMs, topics } = this.#settings;
    const request = { sessionMs, rebalanceMs, topics, assignors: ASSIGNORS };
    const answerMs = Math.min(rebalanceMs + GRACE_MS, REJOIN_MS);
    const ask = async (): Promise<JoinedGroup> => {
      const self = this.#self();
      return this.#ask(answerMs, (nodeId) => this.#link.client.joinGroup(nodeId, self, request, answerMs));
    };
    const joined = await this.#untilAnswered(() => this.#whileCoordinated(ask()));
    this.#memberId = joined.memberId;
    this.#generation = joined.generation;
    return this.#sync(await this.#assign(joined.members));
  }

  /** A join takes as long as that of the slowest member, and its answer may be lost: meanwhile it is repeated. */
  async #untilAnswered<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    const untilMs = performance.now() + this.#settings.rebalanceMs + GRACE_MS;
    for (;;) {
      try {
        return await ask();
      } catch (thrown) {
        const error = kafkaErrorIn(thrown);
        // The server first gives a member its id, and admits it when it joins again under that id.
        if (error?.memberId !== undefined && this.#memberId === '') this.#memberId = error.memberId;
        else if (error?.isTimeout !== true || performance.now() > untilMs || this.#link.closed) throw thrown;
        else this.#link.disconnected(this.#link.errorOf(thrown).message);
      }
    }
  }

  /** Rejects with the server's refusal, or when no answer comes within a third of the session. */
  async heartbeat(): Promise<void> {
    const answerMs = Math.max(LEAST_ANSWER_MS, this.#settings.sessionMs / 3);
    const self = this.#self();
    await this.#ask(answerMs, (nodeId) => this.#link.client.heartbeat(nodeId, self, answerMs));
  }

  /** The group's committed offsets of these; -1: none. */
  async committed(partitions: Partitions): Promise<readonly CommittedOffset[]> {
    if (partitions.size === 0) return [];
    return this.#ask(ANSWER_MS, (nodeId) =>
      this.#link.client.committedOffsets(nodeId, this.#settings.group, partitions),
    );
  }

  /** Rejects after a rebalance: the server takes nothing of an old generation. */
  async commit(offsets: readonly CommittedOffset[]): Promise<void> {
    await this.#ask(ANSWER_MS, (nodeId) => this.#link.client.commitOffsets(nodeId, this.#self(), offsets));
  }

  /** Frees the partitions for the others at once. An instance that the route names keeps them for its return. */
  async leave(): Promise<void> {
    if (this.#memberId === '' || this.#settings.identity.isNamed) return;
    const self = this.#self();
    const leaving = this.#ask(ANSWER_MS, (nodeId) => this.#link.client.leaveGroup(nodeId, self, ANSWER_MS));
    this.#memberId = '';
    await leaving;
  }

  /**
   * After FENCED_INSTANCE_ID. True where this process goes on as another member: the state folder was copied, and each
   * copy is a process of its own.
   */
  renewInstance(): boolean {
    if (this.#settings.identity.isNamed) return false;
    this.#settings.identity.renew();
    this.resetMemberId();
    return true;
  }

  /** After UNKNOWN_MEMBER_ID: the next join is that of a new member. */
  resetMemberId(): void {
    this.#memberId = '';
  }

  /** Another server may be the coordinator now. */
  invalidateCoordinator(): void {
    this.#coordinator = undefined;
  }

  /** Only the group's leader has members to assign partitions to. */
  async #assign(members: readonly Subscription[]): Promise<GroupAssignment> {
    const counts = new Map<string, number>();
    for (const topic of new Set(members.flatMap(({ topics }) => topics))) {
      counts.set(topic, await this.#partitionCount(topic));
    }
    return assignRoundRobin(members, counts);
  }

  /** A missing topic has no partitions; its subscriber reports it. Any other failure ends this join: an empty assignment would stand. */
  async #partitionCount(topic: string): Promise<number> {
    try {
      return (await this.#link.partitions(topic)).length;
    } catch (thrown) {
      if (thrown instanceof SluiceError && thrown.code === 'BUS_MISSING') return 0;
      throw thrown;
    }
  }

  async #sync(all: GroupAssignment): Promise<Partitions> {
    const answerMs = Math.min(this.#settings.rebalanceMs + GRACE_MS, REJOIN_MS);
    const self = this.#self();
    const asking = this.#ask(answerMs, (nodeId) => this.#link.client.syncGroup(nodeId, self, all, answerMs));
    const own = await this.#whileCoordinated(asking);
    return new Map([...own].filter(([topic]) => this.#settings.topics.includes(topic)));
  }

  /** A request that waits for other members may wait long: meanwhile another server may have become the coordinator. */
  async #whileCoordinated<Answer>(asking: Promise<Answer>): Promise<Answer> {
    const looking = setInterval(() => void this.#checkCoordinator(), LOOKUP_INTERVAL_MS);
    return asking.finally(() => clearInterval(looking));
  }

  async #checkCoordinator(): Promise<void> {
    const asked = this.#coordinator;
    const now = await this.#link.client.coordinator(this.#settings.group).catch(() => undefined);
    if (asked === undefined || now === undefined || now === asked || this.#coordinator !== asked) return;
    this.invalidateCoordinator();
    this.#link.client.disconnect(asked, `server ${now} keeps the group, and server ${asked} has not answered`);
  }

  #self(): GroupGeneration {
    const { group, identity } = this.#settings;
    return { group, memberId: this.#memberId, instance: identity.instance, generation: this.#generation };
  }

  async #connected(): Promise<number> {
    const known = this.#coordinator;
    if (known !== undefined && this.#link.client.isConnected(known)) return known;
    // One search for all requests: it may last longer than one of them can wait.
    this.#finding ??= this.#find().finally(() => (this.#finding = undefined));
    return (this.#coordinator = await this.#finding);
  }

  async #find(): Promise<number> {
    const { client } = this.#link;
    const nodeId = await client.coordinator(this.#settings.group);
    await client.connect(nodeId);
    return nodeId;
  }

  /** Rejects without an answer in time, the search for the coordinator included; then it is looked up again. */
  async #ask<Answer>(answerMs: number, ask: (nodeId: number) => Promise<Answer>): Promise<Answer> {
    const asking = async (): Promise<Answer> => ask(await this.#connected());
    const silent = (): Error => this.#link.error('BUS_UNREACHABLE', 'the server that keeps the group does not answer');
    try {
      return await withDeadline(asking(), answerMs + GRACE_MS, silent);
    } catch (thrown) {
      if (kafkaErrorIn(thrown)?.type === undefined) this.invalidateCoordinator();
      throw thrown;
    }
  }
}
