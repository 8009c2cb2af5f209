import type { Guarantees } from '#contract/bus.ts';
import { CLASSES, type TrafficClass } from '#contract/traffic-class.ts';
import { GRADE_MEANS } from './grades.ts';
import type { Effects, ExplainedRoute, Fields } from '../fields/field.ts';
import { FIELDS, type FieldTables } from '../fields/field-tables.ts';
import type { RouteSpec } from '../pipeline-spec.ts';
import { severalInstances } from './instances.ts';
import { weakestSink } from './weakest-sink.ts';
import { type Duplicates, type OrderScope, promiseOf, type RoutePromise } from './route-promise.ts';

/** The guarantees of a route and the effect of each fault on its messages, for an operator. */
export interface RouteExplanation extends RoutePromise {
  readonly route: string;
  readonly class: TrafficClass;
  /** `duplicates` in words: the means that removes them. */
  readonly repeats: string;
  /** What holds while one process runs the route, and while several do, each with its own state folder. */
  readonly instances: { readonly one: string; readonly several: string };
  readonly from: string;
  readonly to: string;
  /** Fault to effect. Derived from the guarantees, the class and the options of the route, never written by hand for a route. */
  readonly faults: Readonly<Record<string, string>>;
}

interface Known {
  readonly spec: RouteSpec;
  readonly source: Guarantees;
  readonly sink: Guarantees;
  readonly promise: RoutePromise;
}

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
  const repeats = duplicatesIn({ spec, source, sink, promise });
  if (spec.spool !== undefined)
    return `the spool keeps what was not sent, the source what was not spooled; duplicates: ${repeats}`;
  if (!source.redelivers) return 'what is under way is lost: the source does not deliver it again';
  return `what was not settled is delivered again; duplicates: ${repeats}`;
}

const DUPLICATES_MEAN: Readonly<Record<Duplicates, string>> = {
  none: 'none',
  marked: 'each with the header replayed',
  last: 'at most the last message of each key',
  window: 'under the same ids',
};

function duplicatesIn({ spec, source, sink, promise: { duplicates } }: Known): string {
  const { deduplicates, recoversIds } = sink;
  const mean = DUPLICATES_MEAN[duplicates];
  if (duplicates === 'window' || duplicates === 'marked') {
    const beside = source.repeatsBeside === undefined ? '' : `; ${source.repeatsBeside}`;
    return `for each crash up to a window (${spec.from.window.messages} messages), ${mean}${beside}`;
  }
  if (duplicates !== 'none' || (!deduplicates && !recoversIds)) return mean;
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

function whereLettersGo({ deadLetter: { to, bounds } }: RouteSpec): string {
  if (to !== undefined) return `a dead letter to ${to.connection}, and while that is away nothing is settled`;
  const atBound = bounds.full === 'pause' ? 'the route waits for room' : 'the oldest gives way';
  return `a dead letter in the state folder (${bounds.max} at the most, then ${atBound})`;
}

function onServerCrash(which: 'source' | 'sink', { promise }: Known): string {
  const grade = which === 'source' ? promise.sourceGrade : promise.sinkGrade;
  return `what it confirmed ${grade === 'G0' || grade === 'G1' ? 'is lost unless it was passed on' : 'is kept'} (${grade}: ${GRADE_MEANS[grade]})`;
}

/** The order in which an explanation names faults; a fault that is not named here comes last. */
const FAULTS: readonly string[] = [
  'the sink is slow or away',
  'the sink is back',
  'one of several sinks is slow or away',
  'the condition of a sink is false',
  'no sink takes a message',
  'a confirmation is lost',
  'the bridge is killed',
  'the bridge is stopped',
  'the server of the source crashes',
  'the server of the sink crashes',
  'a message cannot pass',
  'a body holds a number that a double does not',
  'a message expires',
  'a message comes late',
  'a message runs in a circle',
  'a publisher repeats itself',
  'a publisher uses an id again for another message',
  'nothing moves',
];

function rank(fault: string): number {
  return FAULTS.includes(fault) ? FAULTS.indexOf(fault) : FAULTS.length;
}

function inOrder(effects: Effects): Effects {
  return Object.fromEntries(Object.entries(effects).toSorted(([one], [other]) => rank(one) - rank(other)));
}

/** The faults that the words of a table govern. */
function effectsOf(
  fields: Fields<never>,
  holder: object,
  spec: RouteSpec,
  ends: Pick<ExplainedRoute, 'source' | 'sink'>,
): Effects {
  const route: ExplainedRoute = {
    class: spec.class,
    stages: spec.stages,
    namesId: spec.from.id !== undefined,
    timestamp: spec.from.timestamp,
    letters: whereLettersGo(spec),
    ...ends,
  };
  return Object.fromEntries(
    Object.values(fields).flatMap((entry) => Object.entries(entry.explain?.(holder, route) ?? {})),
  );
}

/** `source` and `sinks`: the guarantees of their drivers under the options of this route; one for each sink. */
export function explainRoute(
  spec: RouteSpec,
  source: Guarantees,
  sinks: readonly Guarantees[],
  fields: FieldTables = FIELDS,
): RouteExplanation {
  const { gives: sink, grade } = weakestSink(sinks.map((gives, at) => ({ gives, grade: spec.sinks[at]?.grade })));
  const promise = promiseOf({
    trafficClass: spec.class,
    source,
    sink,
    stated: { source: spec.from.grade, sink: grade },
    hasKey: spec.from.key !== undefined,
    hasSpool: spec.spool !== undefined,
  });
  const ends = { source, sink };
  const known: Known = { spec, ...ends, promise };
  return {
    ...promise,
    route: spec.name,
    class: spec.class,
    repeats: duplicatesIn(known),
    instances: instancesIn(known),
    from: spec.from.bus,
    to: [...new Set(spec.sinks.map(({ bus }) => bus))].join(', '),
    faults: inOrder({
      ...effectsOf(fields.route, spec, spec, ends),
      ...effectsOf(fields.source, spec.from, spec, ends),
      ...Object.assign({}, ...spec.sinks.map((to) => effectsOf(fields.sink, to, spec, ends))),
      ...whichSinks(spec),
      'the sink is slow or away': whileAway(known),
      'the sink is back': whenBack(known),
      'a confirmation is lost': onLostConfirmation(known),
      'the bridge is killed': onCrash(known),
      'the bridge is stopped':
        'it reads no more, finishes what is under way within --shutdown-timeout, gives the rest back',
      'the server of the source crashes': onServerCrash('source', known),
      'the server of the sink crashes': onServerCrash('sink', known),
      ...allOf(spec.stages.map((stage) => stage.kind.explain?.(stage) ?? {})),
      'a publisher uses an id again for another message':
        'it passes under another id and is counted (ID_REUSED): an id counts only together with body, key and address',
    }),
  };
}

/** The effects of all stages: two of one kind have the same fault. */
function allOf(effects: readonly Effects[]): Effects {
  const texts = new Map<string, Set<string>>();
  for (const [fault, text] of effects.flatMap((each) => Object.entries(each))) {
    texts.set(fault, (texts.get(fault) ?? new Set<string>()).add(text));
  }
  return Object.fromEntries([...texts].map(([fault, each]) => [fault, [...each].join('; ')]));
}

/** What a list of sinks means for a message, and a condition at a single one. */
function whichSinks({ sinks }: RouteSpec): Effects {
  const conditions = sinks.flatMap(({ when }, at) => (when === undefined ? [] : [`to ${at + 1} unless ${when}`]));
  const takesAll = sinks.some(({ when }) => when === undefined);
  const unless = sinks.map(({ when }) => when).join('; ');
  return {
    ...(sinks.length > 1 && {
      'one of several sinks is slow or away': `the route goes on until its window is full, then it waits for that sink; each of the ${sinks.length} keeps its order and loses nothing, and a message is settled once all that take it have confirmed it`,
    }),
    ...(sinks.length > 1 &&
      conditions.length > 0 && {
        'the condition of a sink is false': `the message is not sent to it: ${conditions.join('; ')}`,
      }),
    ...(!takesAll && {
      'no sink takes a message': `it is dropped and counted (no-route), unless one of these is true: ${unless}`,
    }),
  };
}

function instancesIn({ spec, source, sink }: Known): RouteExplanation['instances'] {
  const several = severalInstances({
    trafficClass: spec.class,
    source,
    sink,
    hasSpool: spec.spool !== undefined,
    hasOwnKey: spec.from.key !== undefined,
    window: spec.from.window.messages,
  });
  return {
    one: `class ${spec.class} is kept, as stated here`,
    several: several?.text ?? 'there cannot be several: the bus is within the process',
  };
}

function paragraph(route: RouteExplanation): string {
  const faults = Object.entries(route.faults).map(([fault, effect]) => [`when ${fault}`, effect] as const);
  const rows = [
    ['grade', `${route.grade}: ${GRADE_MEANS[route.grade]} (from ${route.sourceGrade}, to ${route.sinkGrade})`],
    ['order', ORDER_MEANS[route.order]],
    ['duplicates after a crash', route.repeats],
    ['with one instance', route.instances.one],
    ['with several instances', route.instances.several],
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
