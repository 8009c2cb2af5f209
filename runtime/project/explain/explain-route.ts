import type { Guarantees } from '#contract/bus.ts';
import type { JsonNumbers } from '#contract/codec.ts';
import { REMEMBERED_IDS } from '#contract/processed-ids.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import { countsFrom } from './expiry-clock.ts';
import { GRADE_MEANS } from './grades.ts';
import type { RouteSpec } from '../pipeline-spec.ts';
import { type Duplicates, type OrderScope, promiseOf, type RoutePromise } from './route-promise.ts';

/** What a route promises, and what becomes of its messages when something goes wrong, for an operator. */
export interface RouteExplanation extends RoutePromise {
  readonly route: string;
  readonly class: RouteSpec['class'];
  /** Of `duplicates`, in words: what removes them. */
  readonly repeats: string;
  readonly from: string;
  readonly to: string;
  /** Fault to effect. Made of the guarantees, the class and the route's settings, never written by hand for a route. */
  readonly faults: Readonly<Record<string, string>>;
}

interface Known {
  readonly spec: RouteSpec;
  readonly source: Guarantees;
  readonly sink: Guarantees;
  readonly promise: RoutePromise;
}

const seconds = (ms: number): string => (ms < 1000 ? `${ms} ms` : `${ms / 1000} s`);

function held({ spec }: Known): string {
  const { messages, bytes } = spec.from.window;
  return `${messages} messages or ${Math.round(bytes / 1024 ** 2)} MiB`;
}

function whileAway(known: Known): string {
  const { spec, source } = known;
  if (spec.spool !== undefined) return inSpool(known);
  const rest = source.redelivers
    ? 'then nothing more is read and the rest waits at the source'
    : 'then the source, which keeps nothing, loses what comes';
  if (CLASSES[spec.class].keeps === 'newest') {
    return `the newest message of each key is kept, older ones are superseded and counted; up to ${held(known)} unsettled, ${rest}`;
  }
  const until = spec.from.expiresMs === undefined ? '' : `, each until it expires`;
  return `up to ${held(known)} are held${until}, ${rest}; none counts a try`;
}

function inSpool({ spec }: Known): string {
  const mebibytes = (spec.spool?.maxBytes ?? 0) / 1024 ** 2;
  const kept = CLASSES[spec.class].keeps === 'newest' ? 'the newest message of each key lies' : 'all messages lie';
  return `${kept} in the spool on the local disk, settled at the source; beyond ${mebibytes} MiB the source is read no more`;
}

function whenBack({ spec }: Known): string {
  const { keeps } = CLASSES[spec.class];
  if (keeps === 'newest') return 'one message of each key goes out, the newest first';
  const pace =
    spec.drainPerSecond === undefined ? 'as fast as it takes them' : `${spec.drainPerSecond} a second at the most`;
  return `what was held goes out oldest first, in the order of each key, ${pace}`;
}

function onCrash({ spec, source, sink, promise }: Known): string {
  const repeats = duplicatesIn(promise.duplicates, sink);
  if (spec.spool !== undefined)
    return `the spool keeps what was not sent, the source what was not spooled; duplicates: ${repeats}`;
  if (!source.redelivers) return 'what is under way is lost: the source does not deliver it again';
  return `what was not settled is delivered again; duplicates: ${repeats}`;
}

const DUPLICATES_MEAN: Readonly<Record<Duplicates, string>> = {
  none: 'none',
  marked: 'up to a window, each with the header replayed',
  last: 'at most the last message of each key',
  window: 'up to a window, under the same ids',
};

function duplicatesIn(duplicates: Duplicates, { deduplicates, recoversIds }: Guarantees): string {
  if (duplicates !== 'none' || (!deduplicates && !recoversIds)) return DUPLICATES_MEAN[duplicates];
  const means = [
    ...(deduplicates ? ['the sink removes them by their id'] : []),
    ...(recoversIds ? ['what its log holds is not sent again'] : []),
  ];
  return `none: ${means.join(', ')}`;
}

const ORDER_MEANS: Readonly<Record<OrderScope, string>> = {
  address: 'messages of one address keep theirs',
  key: 'messages of one key and address keep theirs',
  none: 'none is kept: one of the ends keeps none',
};

function onLostConfirmation({ spec, sink }: Known): string {
  if (sink.confirms === 'sent') return 'there is none to lose: what is under way when the connection ends is lost';
  const again = CLASSES[spec.class].oneAtATime
    ? 'the message is sent again before the next one of its key'
    : 'sending goes back to the first unconfirmed message and repeats from there in order';
  return `${again}, under the same id${sink.deduplicates ? ', by which the sink removes it within its window' : ''}${sink.recoversIds ? '; after a longer outage the end of its log is read first' : ''}`;
}

function onBadMessage({ spec }: Known): string {
  const { attempts, networkMs } = spec.retry;
  const isNetwork = spec.stages.some(({ kind }) => kind.runsCode === true) && networkMs > 0;
  const network = isNetwork
    ? ` (for ${seconds(networkMs)} at least where a function meets a failure of the network)`
    : '';
  return `${attempts} tries ${triesTake(spec.retry)}${network}, then ${whereLettersGo(spec)}; only its own key waits`;
}

/** Each wait lies between half of its length and all of it. */
function triesTake({ attempts, backoff: { firstMs, capMs } }: RouteSpec['retry']): string {
  if (attempts === 1) return 'and no more';
  let longestMs = 0;
  for (let wait = 0; wait < attempts - 1; wait += 1) longestMs += Math.min(capMs, firstMs * 2 ** wait);
  return `within ${seconds(longestMs / 2)} to ${seconds(longestMs)}`;
}

function whereLettersGo({ deadLetter: { to, bounds } }: RouteSpec): string {
  if (to !== undefined) return `a dead letter to ${to.connection}, and while that is away nothing is settled`;
  const atBound = bounds.full === 'pause' ? 'the route waits for room' : 'the oldest gives way';
  return `a dead letter in the state folder (${bounds.max} at the most, then ${atBound})`;
}

const NUMBERS_MEAN: Readonly<Record<JsonNumbers | 'unsaid', string>> = {
  unsaid:
    'where the route changes bodies a dead letter (NUMBER_UNSAFE), unless it says json: { numbers: exact }; else it passes digit for digit',
  reject:
    'where the route reads bodies a dead letter (NUMBER_UNSAFE); json: { numbers: exact } passes it on digit for digit',
  exact: 'it passes digit for digit unless a function changes it; functions see integers as bigints',
  round: 'where the route changes bodies it becomes the nearest double, and nothing tells',
};

function onExpiry({ spec: { class: trafficClass, from }, source }: Known): string {
  const clock = {
    stamps: source.stamps,
    isNamed: from.timestamp !== undefined,
    unit: from.timestamp?.unit ?? 'ms',
    isOfPublisher: from.expiresOfPublisher,
  };
  const ours =
    from.expiresMs === undefined
      ? 'only where the bus or a header says so'
      : `after ${seconds(from.expiresMs)}, or earlier where the bus says so, counted from ${countsFrom(clock)}`;
  const end = CLASSES[trafficClass].expired === 'counted' ? 'counted' : 'a dead letter (EXPIRED)';
  return `${ours}: it is never sent, but ${end}`;
}

function onStale({ spec }: Known): string {
  if (spec.from.sequence === undefined) return 'cannot be told: the source names no sequence';
  const ends = {
    superseded: 'superseded and counted',
    'dead-letter': 'a dead letter (STALE)',
    passed: 'passed on',
    marked: 'passed on with the header stale',
  } as const;
  return ends[CLASSES[spec.class].stale];
}

function onLoop({ spec: { from }, source, sink }: Known): string {
  const end = `a dead letter (LOOP_DETECTED) once it has passed ${from.maxHops} routes`;
  const blind = source.carriesHeaders ? (sink.carriesHeaders ? undefined : 'to') : 'from';
  return blind === undefined ? end : `it is not noticed here: ${blind} carries no headers, and so no count of routes`;
}

function onServerCrash(which: 'source' | 'sink', { promise }: Known): string {
  const grade = which === 'source' ? promise.sourceGrade : promise.sinkGrade;
  return `what it confirmed ${grade === 'G0' || grade === 'G1' ? 'is lost unless it was passed on' : 'is kept'} (${grade}: ${GRADE_MEANS[grade]})`;
}

/** `source` and `sink`: what their drivers say under the options of this route. */
export function explainRoute(spec: RouteSpec, source: Guarantees, sink: Guarantees): RouteExplanation {
  const promise = promiseOf({
    trafficClass: spec.class,
    source,
    sink,
    stated: { source: spec.from.grade, sink: spec.to.grade },
    hasKey: spec.from.key !== undefined,
    hasSpool: spec.spool !== undefined,
  });
  const known: Known = { spec, source, sink, promise };
  return {
    ...promise,
    route: spec.name,
    class: spec.class,
    repeats: duplicatesIn(promise.duplicates, sink),
    from: spec.from.bus,
    to: spec.to.bus,
    faults: {
      'the sink is slow or away': whileAway(known),
      'the sink is back': whenBack(known),
      'a confirmation is lost': onLostConfirmation(known),
      'the bridge is killed': onCrash(known),
      'the bridge is stopped':
        'it reads no more, finishes what is under way within --shutdown-timeout, gives the rest back',
      'the server of the source crashes': onServerCrash('source', known),
      'the server of the sink crashes': onServerCrash('sink', known),
      'a message cannot pass': onBadMessage(known),
      ...Object.assign({}, ...spec.stages.map((stage) => stage.kind.explain?.(stage))),
      'a body holds a number that a double does not': NUMBERS_MEAN[spec.json.numbers ?? 'unsaid'],
      'a message expires': onExpiry(known),
      'a message comes late': onStale(known),
      'a message runs in a circle': onLoop(known),
      'a publisher repeats itself': onRepetition(known),
      'a publisher uses an id again for another message':
        'it passes under another id and is counted (ID_REUSED): an id counts only together with body, key and address',
      ...(CLASSES[spec.class].oneAtATime || CLASSES[spec.class].marksRepeats
        ? { 'a second instance runs': 'each remembers only what it passed on itself: this class holds for one process' }
        : {}),
      'nothing moves': `after ${seconds(spec.watchdogMs)} /readyz turns red and says what is waited for`,
    },
  };
}

function onRepetition({ spec, source, sink }: Known): string {
  const { dedupe } = spec.from;
  const same = dedupe?.compare === 'content' ? ' with the same body, key and address' : '';
  if (dedupe !== undefined) {
    return `repetitions${same} within ${seconds(dedupe.windowMs)} are dropped and counted, ${dedupe.max} messages remembered`;
  }
  const { oneAtATime, marksRepeats } = CLASSES[spec.class];
  const isNamed = spec.from.id !== undefined || source.namedByPublisher === true;
  if (source.redelivers && (oneAtATime || marksRepeats) && isNamed) {
    return `one with the id, body, key and address of one of the last ${REMEMBERED_IDS} that passed is dropped and counted, until it is forgotten`;
  }
  return sink.deduplicates && isNamed
    ? 'the sink removes one with the same id, body, key and address within its window; each other passes'
    : 'each repetition passes';
}

function paragraph(route: RouteExplanation): string {
  const faults = Object.entries(route.faults).map(([fault, effect]) => [`when ${fault}`, effect] as const);
  const rows = [
    ['grade', `${route.grade}: ${GRADE_MEANS[route.grade]} (from ${route.sourceGrade}, to ${route.sinkGrade})`],
    ['order', ORDER_MEANS[route.order]],
    ['duplicates after a crash', route.repeats],
    ...faults,
  ] as const;
  const width = Math.max(...rows.map(([name]) => name.length));
  const head = `${route.route}: ${route.from} to ${route.to}, class ${route.class} (${CLASSES[route.class].use})`;
  return [head, ...rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`)].join('\n');
}

/** For people: one paragraph a route. */
export function explanationText(routes: readonly RouteExplanation[]): string {
  return `${routes.map(paragraph).join('\n\n')}\n`;
}
