import { createHash } from 'node:crypto';
import type { Delivery } from '#contract/delivery.ts';
import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Label, Message } from '#contract/message.ts';
import type { Tracer } from '#contract/trace.ts';
import type { Envelope, InFlight } from './in-flight.ts';
import type { Policy } from './route-parts.ts';

/** What joining needs of the policy of a route. */
export type JoiningRoute = Pick<Policy, 'pipeline' | 'name' | 'labels'>;

export interface Joining {
  readonly members: readonly InFlight[];
  /** What the stage made of them. */
  readonly messages: readonly Message[];
  /** Of all messages that the stage was given, raised or not, and of those that it made. */
  readonly labels: readonly (Label | undefined)[];
}

/**
 * Several deliveries as one, from stage `from` on. Its envelope stands for all of them. Its id is made of all their ids: a
 * sink that holds this id holds this content, and no other joining of one of them. Its label is the join of all labels. Throws
 * INTERNAL for different labels where the route has no label rules.
 */
export function joinedInFlight(
  route: JoiningRoute,
  tracer: Tracer | undefined,
  { members, messages, labels }: Joining,
  from: number,
): InFlight {
  const { pipeline, name } = route;
  const envelopes = members.map(({ envelope }) => envelope);
  const [first] = envelopes;
  if (first === undefined) throw new SluiceError('INTERNAL', 'a stage has joined no message');
  const label = joinedLabel(route, [...envelopes.map((envelope) => envelope.label), ...labels]);
  const id = `${pipeline}/${name}/${joinedId(envelopes)}`;
  const input = messages.map((message, at) => ({ ...message, label, id: messages.length === 1 ? id : `${id}.${at}` }));
  const frame = messages[0]?.origin ?? first.delivery.frame;
  return {
    takenAtMs: 0,
    envelope: joinedEnvelope(tracer, envelopes, { id, key: messages[0]?.key, frame, label }),
    state: {
      at: 'process',
      attempt: 1,
      input: input.length === 1 ? input[0] : input,
      from,
      unreachableSinceMs: undefined,
    },
    members,
    place: 0,
  };
}

function joinedEnvelope(
  tracer: Tracer | undefined,
  all: readonly Envelope[],
  own: Pick<Envelope, 'id' | 'key' | 'label'> & { readonly frame: Frame },
): Envelope {
  const { id, key, frame, label } = own;
  const isFirstDelivery = all.every(({ delivery }) => delivery.attempt === 1);
  const delivery: Delivery = { id, frame, attempt: isFirstDelivery ? 1 : undefined, settle() {} };
  const traces = all.map((envelope) => envelope.trace).filter((one) => one !== undefined);
  return {
    delivery,
    bytes: 0,
    receivedAtMs: Math.min(...all.map(({ receivedAtMs }) => receivedAtMs)),
    trace: tracer?.join(delivery, traces),
    id,
    hops: Math.max(...all.map(({ hops }) => hops)),
    label,
    key,
    madeAtMs: latest(all.map(({ madeAtMs }) => madeAtMs)),
    expiresAtMs: earliest(all.map(({ expiresAtMs }) => expiresAtMs)),
    sequence: undefined,
    repeatKey: undefined,
    mayRepeat: all.some(({ mayRepeat }) => mayRepeat),
    lane: undefined,
  };
}

function joinedLabel({ labels: rules }: JoiningRoute, all: readonly (Label | undefined)[]): Label | undefined {
  const [first] = all;
  if (rules !== undefined) return rules.joined(all.filter((label) => label !== undefined));
  if (all.some((label) => label !== first)) {
    throw new SluiceError('INTERNAL', 'a stage has joined messages of different labels');
  }
  return first;
}

function joinedId(all: readonly Envelope[]): string {
  const hash = createHash('sha256');
  // An id may hold any character, so its length comes first.
  // Whatever the order in which they come after a crash.
  for (const id of all.map((envelope) => envelope.id).toSorted()) hash.update(`${id.length}:${id}`);
  return `~${hash.digest('base64url')}`;
}

const defined = (all: readonly (number | undefined)[]): number[] => all.filter((one) => one !== undefined);

function latest(all: readonly (number | undefined)[]): number | undefined {
  return defined(all).reduce<number | undefined>((most, one) => Math.max(most ?? one, one), undefined);
}

function earliest(all: readonly (number | undefined)[]): number | undefined {
  return defined(all).reduce<number | undefined>((least, one) => Math.min(least ?? one, one), undefined);
}
