import type { Frame } from '#contract/frame.ts';
import type { RehearsedLetter } from '#contract/rehearsed.ts';
import { CLASSES } from '#contract/traffic-class.ts';
import type { PipelineSpec } from '../../project/pipeline-spec.ts';
import type { RouteNumbers } from '../../telemetry/route-numbers.ts';
import { type Published, PipelineInMemory, unknownName } from '../pipeline.ts';
import { RehearsalError } from '../rehearsal-error.ts';
import { type RehearsalSettings, START_MS } from '../rehearsal.ts';
import { reads } from '../stand-ins.ts';
import type { Outage } from './outage.ts';
import { type Arrived, outageReport, type OutageReport, type Sent } from './outage-report.ts';
import type { TrialLine } from './trial-lines.ts';
import { rootOf, StageNotes, type StageTimes, type TrialEnd, type TrialMessage } from './trial-run.ts';

export interface TrialSettings extends Pick<RehearsalSettings, 'spec' | 'catalog' | 'parts' | 'log'> {
  readonly file: string;
  readonly lines: readonly TrialLine[];
  /** Only this route gets the messages. */
  readonly route: string | undefined;
  /** The address of messages that name none. */
  readonly address: string | undefined;
  readonly outages: readonly Outage[];
  /** Of messages without a time, where there is an outage. */
  readonly perSecond: number;
  /** So many of the first messages are followed through their stages. */
  readonly shown: number;
  readonly onProgress: (messages: number) => void;
}

/** What became of the messages of one route. */
export interface TrialRoute {
  readonly route: string;
  readonly class: string;
  readonly read: number;
  readonly ends: Readonly<Record<TrialEnd, number>>;
  readonly droppedBy: Readonly<Record<string, number>>;
  readonly lettersBy: Readonly<Record<string, number>>;
  readonly stages: readonly StageTimes[];
}

export interface Trial {
  readonly pipeline: string;
  readonly messages: readonly TrialMessage[];
  readonly routes: readonly TrialRoute[];
  readonly outages: readonly OutageReport[];
  /** By the clock of the machine. */
  readonly tookMs: number;
  readonly virtualMs: number;
}

/** Messages that are handed over before the engine goes on. */
const TOGETHER = 512;
const SETTLES_WITHIN_MS = 3_600_000;

/** Runs the messages of a file through a pipeline, in virtual time, and tells what became of each. */
export async function trial(settings: TrialSettings): Promise<Trial> {
  const { spec, lines, outages, shown, file } = settings;
  const times = timesOf(settings);
  const isTimed = outages.length > 0 || times.some((ms) => ms > 0);
  const played = isTimed ? spec : withoutWaiting(spec);
  const together = played.routes.some((route) => CLASSES[route.class].oneAtATime) ? 1 : TOGETHER;
  // Ids that a template makes do not tell what a message was made of.
  const hasNames = spec.routes.some(({ from }) => from.id !== undefined);
  const records = new Map<string, Sent>();
  const byFrame = new Map<Frame, string>();
  const aliases = new Map<string, string>();
  const notes = new StageNotes((message) => {
    const id = byFrame.get(message.origin) ?? rootOf(message.id);
    const root = rootOf(message.id);
    if (root !== id) aliases.set(root, id);
    return { id, isShown: (records.get(id)?.line ?? Infinity) <= shown };
  });
  const startMs = firstTime(lines) ?? START_MS;
  const observe = notes.observe.bind(notes);
  const pipeline = await PipelineInMemory.open(file, { ...settings, spec: played, startMs, observe });
  try {
    const { rehearsal } = pipeline;
    const before = new Map<Outage, readonly RouteNumbers[]>();
    for (const outage of outages) plan(pipeline, outage, before);
    const startedMs = performance.now();
    for (const [at, line] of lines.entries()) {
      const dueMs = times[at] ?? 0;
      if (dueMs > rehearsal.time.passedMs) await rehearsal.time.advance(dueMs - rehearsal.time.passedMs);
      for (const one of publish(pipeline, line, settings)) {
        const id = `${spec.name}/${one.route}/${one.id}`;
        records.set(id, { line: at + 1, number: line.line, route: one.route, frame: one.frame, sentMs: dueMs });
        if (hasNames) byFrame.set(one.frame, id);
      }
      if (at % together === together - 1) await rehearsal.activity.quiet();
      if (at % TOGETHER === TOGETHER - 1) settings.onProgress(at + 1);
    }
    const lastMs = Math.max(0, ...outages.map(({ untilMs }) => untilMs));
    if (lastMs > rehearsal.time.passedMs) await rehearsal.time.advance(lastMs - rehearsal.time.passedMs);
    // What waits for ever is told as waiting.
    await rehearsal.settled(SETTLES_WITHIN_MS).catch(() => {});
    settings.onProgress(lines.length);
    const tookMs = performance.now() - startedMs;
    const idOf = (id: string): string => (records.has(id) ? id : (aliases.get(rootOf(id)) ?? rootOf(id)));
    const arrived = arrivalsOf(pipeline, idOf);
    const letters = new Map(pipeline.deadLetters().map((letter) => [idOf(letter.id), letter]));
    return {
      pipeline: spec.name,
      messages: [...records]
        .filter(([, { line }]) => line <= shown)
        .map(([id, sent]) =>
          messageOf(pipeline, sent, { id, notes, arrived: arrived.get(id) ?? [], letter: letters.get(id) }),
        ),
      routes: rehearsal.numbers().map((numbers) => routeOf(spec, numbers, notes)),
      outages: outages.flatMap((outage) =>
        outageReport(outage, { spec, records, arrived, before: before.get(outage) ?? [], after: rehearsal.numbers() }),
      ),
      tookMs,
      virtualMs: rehearsal.time.passedMs,
    };
  } finally {
    await pipeline.close();
  }
}

/**
 * Where no message waits, a class changes nothing of what becomes of it: messages of any class go as events do, many at once, and none gives way
 * to another. A route whose class judges by a sequence or by the key of the bus keeps its class.
 */
function withoutWaiting(spec: PipelineSpec): PipelineSpec {
  const routes = spec.routes.map((route) => {
    const { key, sequence } = route.from;
    const isPlain = CLASSES[route.class].oneAtATime && key !== undefined && sequence === undefined;
    return isPlain ? { ...route, class: 'event' as const } : route;
  });
  return { ...spec, routes };
}

function plan(pipeline: PipelineInMemory, outage: Outage, before: Map<Outage, readonly RouteNumbers[]>): void {
  const { rehearsal } = pipeline;
  const { spec, standIns, time } = rehearsal;
  const { connection, fromMs, untilMs } = outage;
  const names = spec.routes.flatMap(({ from, sinks }) => [from.connection, ...sinks.map((to) => to.connection)]);
  if (!names.includes(connection)) throw new RehearsalError(unknownName('a connection of the file', names, connection));
  const inlets = standIns.inlets.filter(({ route }) => route.from.connection === connection);
  time.after(fromMs, () => {
    // Of the moment before it.
    before.set(outage, structuredClone(rehearsal.numbers()));
    standIns.standIn(connection).down();
    for (const { subscription } of inlets) subscription.cut();
  });
  time.after(untilMs, () => {
    standIns.standIn(connection).up();
    for (const { subscription } of inlets) subscription.restore();
  });
}

/** When each message is sent, since the start. */
function timesOf({ lines, outages, perSecond }: TrialSettings): readonly number[] {
  const firstMs = firstTime(lines);
  const stepMs = outages.length > 0 ? 1000 / perSecond : 0;
  let lastMs = -stepMs;
  return lines.map(({ madeMs, afterMs }) => {
    const wanted = afterMs ?? (madeMs === undefined || firstMs === undefined ? lastMs + stepMs : madeMs - firstMs);
    lastMs = Math.max(0, lastMs, wanted);
    return lastMs;
  });
}

function firstTime(lines: readonly TrialLine[]): number | undefined {
  return lines.find(({ madeMs }) => madeMs !== undefined)?.madeMs;
}

function publish(pipeline: PipelineInMemory, line: TrialLine, settings: TrialSettings): readonly Published[] {
  const { inlets } = pipeline.rehearsal.standIns;
  const address = line.options.address ?? settings.address;
  const name = settings.route ?? line.options.route;
  const named = name === undefined ? inlets : inlets.filter(({ route }) => route.name === name);
  const readers = address === undefined ? named : named.filter((inlet) => reads(inlet, address));
  const connections = [...new Set(readers.map(({ route }) => route.from.connection))];
  const [connection] = connections;
  if (connection === undefined || (name === undefined && address === undefined && readers.length > 1)) {
    const routes = inlets.map(({ route }) => route.name);
    throw new RehearsalError(
      `line ${line.line}: expected a message for one of the routes ${routes.join(', ')}, found ${name ?? address ?? 'neither route nor address'}: write --route, or address or route in the line`,
    );
  }
  const options = {
    ...line.options,
    ...(address !== undefined && { address }),
    ...(name !== undefined && { route: name }),
    ...(line.madeMs !== undefined && { at: line.madeMs }),
  };
  try {
    return connections.flatMap((one) => pipeline.publish(one, line.body, options));
  } catch (thrown) {
    if (!(thrown instanceof RehearsalError)) throw thrown;
    const write = thrown.write === undefined ? undefined : 'write --address, or address in the line';
    throw new RehearsalError(`line ${line.line}: ${thrown.expectation}`, write);
  }
}

function arrivalsOf(pipeline: PipelineInMemory, idOf: (id: string) => string): ReadonlyMap<string, readonly Arrived[]> {
  const found = new Map<string, Arrived[]>();
  for (const { log } of pipeline.rehearsal.standIns.all) {
    for (const stored of log.stored) {
      if (stored.isLetter) continue;
      const id = idOf(stored.frame.id ?? '');
      const known = found.get(id);
      if (known === undefined) found.set(id, [stored]);
      else known.push(stored);
    }
  }
  return found;
}

interface Ended {
  readonly id: string;
  readonly notes: StageNotes;
  readonly arrived: readonly Arrived[];
  readonly letter: RehearsedLetter | undefined;
}

function messageOf(pipeline: PipelineInMemory, sent: Sent, { id, notes, arrived, letter }: Ended): TrialMessage {
  const stages = notes.steps(id);
  const dropped = stages
    .findLast(({ note }) => note?.startsWith('dropped: ') === true)
    ?.note?.slice('dropped: '.length);
  const received = arrived.map((one) => pipeline.receivedOf(one));
  const end = endOf(pipeline, sent, {
    isSent: received.length > 0,
    isLetter: letter !== undefined,
    isDropped: dropped !== undefined,
  });
  return {
    line: sent.number,
    route: sent.route,
    address: sent.frame.address,
    key: received[0]?.key ?? letter?.key,
    label: sent.frame.headers.get('seclabel')?.[0],
    stages,
    end,
    reason: letter === undefined ? dropped : `${letter.code}: ${letter.reason}`,
    sent: received,
  };
}

function endOf(
  { rehearsal }: PipelineInMemory,
  { route }: Sent,
  {
    isSent,
    isLetter,
    isDropped,
  }: { readonly isSent: boolean; readonly isLetter: boolean; readonly isDropped: boolean },
): TrialEnd {
  if (isSent) return 'delivered';
  if (isLetter) return 'dead letter';
  if (isDropped) return 'dropped';
  const inlet = rehearsal.standIns.inlets.find((one) => one.route.name === route);
  if (inlet === undefined || !inlet.subscription.isEmpty) return 'waiting';
  const numbers = rehearsal.numbers().find((one) => one.route === route);
  if (numbers === undefined) return 'lost';
  if (numbers.repeated > 0 && numbers.superseded + numbers.expired === 0) return 'repeated';
  return numbers.superseded > 0 ? 'superseded' : 'expired';
}

function routeOf(spec: PipelineSpec, numbers: RouteNumbers, notes: StageNotes): TrialRoute {
  const { route, delivered, dropped, superseded, expired, repeated, deadLettered, blocked, held } = numbers;
  return {
    route,
    class: spec.routes.find(({ name }) => name === route)?.class ?? '',
    read: numbers.accepted,
    ends: {
      delivered,
      dropped: dropped - repeated,
      'dead letter': deadLettered + blocked,
      superseded,
      expired,
      repeated,
      waiting: held,
      lost: 0,
    },
    droppedBy: numbers.droppedBy,
    lettersBy: numbers.letteredBy,
    stages: [...notes.times.values()].filter((one) => one.route === route),
  };
}
