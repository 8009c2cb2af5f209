import type { Broker, Exchange } from 'kafkajs/src/cluster/index.js';
import protocol from 'kafkajs/src/consumer/assignerProtocol.js';
import definitions from 'kafkajs/src/protocol/requests/index.js';
import { withDeadline } from '#kit/deadline.ts';
import { SluiceError } from '#contract/errors.ts';
import { assign } from './round-robin-assignor.ts';
import { failureOf } from '../client/failure.ts';
import type { Link } from '../link.ts';
import { isOverdue } from '../client/request-deadline.ts';
import type { StaticMember } from './static-member.ts';

/** Names under which members agree how to divide: Java's, and that of the client's own consumers. */
const WAYS = ['roundrobin', 'RoundRobinAssigner'] as const;
const VERSIONS = { join: 5, sync: 3, heartbeat: 3, leave: 3 } as const;
const GRACE_MS = 5000;
/** A group that divides itself anew may take longer; then it is asked again under the same name, which changes nothing. */
const REJOIN_MS = 20_000;
const LEAST_ANSWER_MS = 1000;
const ANSWER_MS = 10_000;
/** While an answer is awaited it is looked so often whether another server keeps the group. */
const LOOK_MS = 3000;

export interface GroupSettings {
  readonly group: string;
  readonly topics: readonly string[];
  readonly identity: StaticMember;
  readonly sessionMs: number;
  readonly rebalanceMs: number;
}

/** Partitions by topic. */
export type Partitions = ReadonlyMap<string, readonly number[]>;

/** A committed place; -1: none. */
export interface Committed {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** This process as a member of a consumer group: what it says to the group's coordinator. Nothing is said twice by itself. */
export class GroupMember {
  readonly #link: Link;
  readonly #settings: GroupSettings;
  #coordinator: Broker | undefined;
  #finding: Promise<Broker> | undefined;
  #memberId = '';
  #generation = -1;

  constructor(link: Link, settings: GroupSettings) {
    this.#link = link;
    this.#settings = settings;
  }

  /** Counts how often the group was divided. */
  get generation(): number {
    return this.#generation;
  }

  /**
   * Joins, or joins again, and answers which partitions are ours; `counts`: how many each topic has. May take as long as
   * the group's rebalance timeout.
   */
  async join(counts: ReadonlyMap<string, number>): Promise<Partitions> {
    const { identity, topics } = this.#settings;
    const isBack = this.#memberId === '' && (identity.isNamed || identity.wasMember);
    const partitions = await this.#joinOnce();
    // An instance that is back is given what it had, whatever topics it wants now and whatever they have got since, and
    // its next start again. The group is divided anew when its leader asks once more.
    const isOutdated = isBack && (topics.some((topic) => !partitions.has(topic)) || identity.hasOther(counts));
    const divided = isOutdated ? await this.#joinOnce() : partitions;
    identity.divided(counts);
    return divided;
  }

  async #joinOnce(): Promise<Partitions> {
    const { sessionMs, rebalanceMs, topics } = this.#settings;
    const metadata = protocol.MemberMetadata.encode({ version: 0, topics });
    const ask = definitions.requests.JoinGroup.protocol({ version: VERSIONS.join });
    const asked = async () =>
      this.#send(
        ask({
          ...this.#self(),
          sessionTimeout: sessionMs,
          rebalanceTimeout: rebalanceMs,
          protocolType: 'consumer',
          groupProtocols: WAYS.map((name) => ({ name, metadata })),
        }),
        Math.min(rebalanceMs + GRACE_MS, REJOIN_MS),
      );
    const joined = await this.#untilAnswered(() => this.#whileItKeepsTheGroup(asked()));
    this.#memberId = joined.memberId;
    this.#generation = joined.generationId;
    const members = joined.memberId === joined.leaderId ? joined.members : [];
    return this.#sync(await this.#divide(members));
  }

  /** Joining takes as long as the slowest member does, and the answer may be lost: in between it is asked again. */
  async #untilAnswered<Answer>(asked: () => Promise<Answer>): Promise<Answer> {
    const untilMs = performance.now() + this.#settings.rebalanceMs + GRACE_MS;
    for (;;) {
      try {
        return await asked();
      } catch (thrown) {
        // The server names a member first, and lets it in when it asks again under that name.
        const given: unknown = thrown instanceof Error ? Reflect.get(thrown, 'memberId') : undefined;
        if (typeof given === 'string' && this.#memberId === '') this.#memberId = given;
        else if (!isOverdue(thrown) || performance.now() > untilMs || this.#link.closed) throw thrown;
        else this.#link.disconnected(this.#link.errorOf(thrown).message);
      }
    }
  }

  /** Says that we live. Rejects with the server's refusal, or when no answer comes within a third of the session. */
  async heartbeat(): Promise<void> {
    const ask = definitions.requests.Heartbeat.protocol({ version: VERSIONS.heartbeat });
    const answerMs = Math.max(LEAST_ANSWER_MS, this.#settings.sessionMs / 3);
    await this.#send(ask({ ...this.#self(), groupGenerationId: this.#generation }), answerMs);
  }

  /** What the group has committed of these. */
  async committed(partitions: Partitions): Promise<readonly Committed[]> {
    const topics = [...partitions].map(([topic, numbers]) => ({
      topic,
      partitions: numbers.map((partition) => ({ partition })),
    }));
    if (topics.length === 0) return [];
    const { responses } = await this.#ask(ANSWER_MS, (coordinator) =>
      coordinator.offsetFetch({ groupId: this.#settings.group, topics }),
    );
    return responses.flatMap(({ topic, partitions: found }) =>
      found.map(({ partition, offset }) => ({ topic, partition, offset: Number(offset) })),
    );
  }

  /** Rejects when the group was divided anew: the server takes nothing of an old generation. */
  async commit(places: readonly Committed[]): Promise<void> {
    const topics = new Map<string, { partition: number; offset: string }[]>();
    for (const { topic, partition, offset } of places) {
      const place = { partition, offset: String(offset) };
      const others = topics.get(topic);
      if (others === undefined) topics.set(topic, [place]);
      else others.push(place);
    }
    await this.#ask(ANSWER_MS, (coordinator) =>
      coordinator.offsetCommit({
        groupId: this.#settings.group,
        groupGenerationId: this.#generation,
        memberId: this.#memberId,
        topics: [...topics].map(([topic, partitions]) => ({ topic, partitions })),
      }),
    );
  }

  /** Gives the partitions to the others at once. An instance that the route names keeps them for its return. */
  async leave(): Promise<void> {
    if (this.#memberId === '' || this.#settings.identity.isNamed) return;
    const ask = definitions.requests.LeaveGroup.protocol({ version: VERSIONS.leave });
    const leaving = this.#send(ask(this.#self()), ANSWER_MS);
    this.#memberId = '';
    await leaving;
  }

  /**
   * After FENCED_INSTANCE_ID. True where we go on as another member: the state folder was copied, and each copy is a
   * process of its own.
   */
  becomesAnother(): boolean {
    if (this.#settings.identity.isNamed) return false;
    this.#settings.identity.renew();
    this.forget();
    return true;
  }

  /** After UNKNOWN_MEMBER_ID: the next join is that of a stranger. */
  forget(): void {
    this.#memberId = '';
  }

  /** Another server may keep the group now. */
  doubtCoordinator(): void {
    this.#coordinator = undefined;
  }

  async #divide(
    members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[],
  ): Promise<readonly { memberId: string; memberAssignment: Buffer }[]> {
    const wishes = members.map(({ memberId, memberMetadata }) => ({
      memberId,
      topics: protocol.MemberMetadata.decode(memberMetadata).topics,
    }));
    const counts = new Map<string, number>();
    for (const topic of new Set(wishes.flatMap(({ topics }) => topics))) {
      counts.set(topic, await this.#partitionCount(topic));
    }
    return [...assign(wishes, counts)].map(([memberId, assignment]) => ({
      memberId,
      memberAssignment: protocol.MemberAssignment.encode({ version: 0, assignment: Object.fromEntries(assignment) }),
    }));
  }

  /** What is missing is nobody's; who wants it will say so. Any other failure ends this join: an empty division would stand. */
  async #partitionCount(topic: string): Promise<number> {
    try {
      return (await this.#link.partitions(topic)).length;
    } catch (thrown) {
      if (thrown instanceof SluiceError && thrown.code === 'BUS_MISSING') return 0;
      throw thrown;
    }
  }

  async #sync(groupAssignment: readonly { memberId: string; memberAssignment: Buffer }[]): Promise<Partitions> {
    const ask = definitions.requests.SyncGroup.protocol({ version: VERSIONS.sync });
    const request = ask({ ...this.#self(), generationId: this.#generation, groupAssignment });
    const answerMs = Math.min(this.#settings.rebalanceMs + GRACE_MS, REJOIN_MS);
    const { memberAssignment } = await this.#whileItKeepsTheGroup(this.#send(request, answerMs));
    const given = protocol.MemberAssignment.decode(memberAssignment)?.assignment ?? {};
    return new Map(Object.entries(given).filter(([topic]) => this.#settings.topics.includes(topic)));
  }

  /** What waits for other members may wait long: meanwhile another server may have got the group. */
  async #whileItKeepsTheGroup<Answer>(asking: Promise<Answer>): Promise<Answer> {
    const looking = setInterval(() => void this.#lookForCoordinator(), LOOK_MS);
    return asking.finally(() => clearInterval(looking));
  }

  async #lookForCoordinator(): Promise<void> {
    const asked = this.#coordinator?.nodeId ?? undefined;
    const now = await this.#link.coordinatorId(this.#settings.group).catch(() => undefined);
    if (asked === undefined || now === undefined || now === asked || this.#coordinator?.nodeId !== asked) return;
    this.doubtCoordinator();
    this.#link.giveUp(asked, `server ${now} keeps the group, and server ${asked} has not answered`);
  }

  #self(): { groupId: string; memberId: string; groupInstanceId: string } {
    const { group, identity } = this.#settings;
    return { groupId: group, memberId: this.#memberId, groupInstanceId: identity.instance };
  }

  async #found(): Promise<Broker> {
    if (this.#coordinator?.isConnected() === true) return this.#coordinator;
    // One search for all that ask meanwhile: it may last longer than they can wait.
    this.#finding ??= this.#link.coordinator(this.#settings.group).finally(() => (this.#finding = undefined));
    return (this.#coordinator = await this.#finding);
  }

  #send<Answer>(exchange: Exchange<Answer>, answerMs: number): Promise<Answer> {
    return this.#ask(answerMs, async (coordinator) =>
      coordinator.connectionPool.send({ ...exchange, requestTimeout: answerMs, logResponseError: false }),
    );
  }

  /** Rejects without an answer in time, finding the coordinator included; then it is looked for again. */
  async #ask<Answer>(answerMs: number, ask: (coordinator: Broker) => Promise<Answer>): Promise<Answer> {
    const asking = async (): Promise<Answer> => ask(await this.#found());
    const silent = (): Error => this.#link.error('BUS_UNREACHABLE', 'the server that keeps the group does not answer');
    try {
      return await withDeadline(asking(), answerMs + GRACE_MS, silent);
    } catch (thrown) {
      if (failureOf(thrown).type === undefined) this.doubtCoordinator();
      throw thrown;
    }
  }
}
