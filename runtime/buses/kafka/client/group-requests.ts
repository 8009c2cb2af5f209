import type { ProtocolRequest } from 'kafkajs/src/cluster/index.js';
import protocol from 'kafkajs/src/consumer/assignerProtocol.js';
import definitions from 'kafkajs/src/protocol/requests/index.js';
import type {
  GroupAssignment,
  GroupGeneration,
  GroupMemberId,
  JoinedGroup,
  JoinRequest,
  Partitions,
} from '../kafka-client.ts';

const { JoinGroup, SyncGroup, Heartbeat, LeaveGroup } = definitions.requests;
const join = JoinGroup.protocol({ version: 5 });
const sync = SyncGroup.protocol({ version: 3 });
const heartbeat = Heartbeat.protocol({ version: 3 });
const leave = LeaveGroup.protocol({ version: 3 });

/** Sends one request to the coordinator. */
type Send = <Answer>(request: ProtocolRequest<Answer>) => Promise<Answer>;

export async function joinGroup(
  send: Send,
  member: GroupMemberId,
  { sessionMs, rebalanceMs, topics, assignors }: JoinRequest,
): Promise<JoinedGroup> {
  const metadata = protocol.MemberMetadata.encode({ version: 0, topics });
  const joined = await send(
    join({
      ...idOf(member),
      sessionTimeout: sessionMs,
      rebalanceTimeout: rebalanceMs,
      protocolType: 'consumer',
      groupProtocols: assignors.map((name) => ({ name, metadata })),
    }),
  );
  const { memberId, generationId, leaderId } = joined;
  const members = memberId === leaderId ? joined.members : [];
  return {
    memberId,
    generation: generationId,
    members: members.map((one) => ({
      memberId: one.memberId,
      topics: protocol.MemberMetadata.decode(one.memberMetadata).topics,
    })),
  };
}

export async function syncGroup(send: Send, member: GroupGeneration, all: GroupAssignment): Promise<Partitions> {
  const groupAssignment = [...all].map(([memberId, assignment]) => ({
    memberId,
    memberAssignment: protocol.MemberAssignment.encode({ version: 0, assignment: Object.fromEntries(assignment) }),
  }));
  const answer = await send(sync({ ...idOf(member), generationId: member.generation, groupAssignment }));
  return new Map(Object.entries(protocol.MemberAssignment.decode(answer.memberAssignment)?.assignment ?? {}));
}

export async function sendHeartbeat(send: Send, member: GroupGeneration): Promise<void> {
  await send(heartbeat({ ...idOf(member), groupGenerationId: member.generation }));
}

export async function leaveGroup(send: Send, member: GroupMemberId): Promise<void> {
  await send(leave(idOf(member)));
}

function idOf({ group, memberId, instance }: GroupMemberId): {
  groupId: string;
  memberId: string;
  groupInstanceId: string;
} {
  return { groupId: group, memberId, groupInstanceId: instance };
}
