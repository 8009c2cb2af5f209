import type { TrafficClass } from '#contract/traffic-class.ts';
import { randomBytes } from 'node:crypto';
import type { BusContext } from '#contract/bus.ts';
import { asSluiceError, SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Log } from '#contract/log.ts';
import type { Sink } from '#contract/sink.ts';
import type { Source } from '#contract/source.ts';
import { pause } from '#kit/deadline.ts';
import { busReporter } from '../telemetry/bus-reporter.ts';
import type { Catalog } from '#contract/catalog.ts';
import { busOf } from '../host/catalog-of.ts';
import type { Template } from '#contract/template.ts';
import { compileTemplate } from '../template/compile-template.ts';
import type { PipelineSpec, RouteSpec } from '../project/pipeline-spec.ts';
import { endOptions, openingOptions } from '../host/end-options.ts';
import { keyPlace, type KeyPlace, withKey } from './key-place.ts';
import { Health } from '../telemetry/health.ts';
import { Checker } from './checker.ts';
import type { DeadLettersFound, Drops, Unread } from './message-ends.ts';
import { Generator } from './generator.ts';
import { type BodyValue, type HeaderValue, headerTexts, withValues } from './bodies.ts';
import { bareBody, type Mark, MARK_HEADER, markedBody, type MarkPlace, markText } from './mark.ts';
import { Reader } from './reader.ts';
import type { Report, VerdictName } from './verdicts.ts';

/** One end reads and one writes: a pipeline of one route that is never run as one. */
export interface VerifyEnds {
  readonly spec: PipelineSpec;
  /** The template by which the bridge finds a message's key. */
  readonly key: string;
}

/** The messages to send, and the promises of the bridge that are checked. */
export interface VerifySettings {
  readonly catalog: Catalog;
  readonly log: Log;
  readonly trafficClass: TrafficClass;
  readonly ratePerSecond: number;
  readonly count: number;
  readonly lastsMs: number;
  readonly keys: number;
  readonly sizeBytes: number;
  /** The content of a body beside its mark. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Fields of the body that tell one message from another. */
  readonly values?: readonly BodyValue[];
  /** Headers that the bridge reads beside those of the key. */
  readonly headers?: readonly HeaderValue[];
  /** The body holds nothing else: neither mark nor padding. */
  readonly isBare?: boolean;
  readonly labels: readonly string[];
  readonly expiresMs: number | undefined;
  readonly slackMs: number;
  /** The run ends when nothing has arrived for so long after the last sending. */
  readonly quietMs: number;
  readonly wedgedMs: number;
  readonly markPlace: MarkPlace;
  /**
   * Whether the bus that the bridge writes to stamps what it stores, by the clock of this machine: then expiry is judged
   * by that moment. Default: by the moment at which a message is read.
   */
  readonly isStamped?: boolean;
  readonly allowed: ReadonlySet<VerdictName>;
  /** Called while messages are missing at the end, and at the end. */
  readonly deadLetters: (run: string) => DeadLettersFound;
  /** Called at the end. Default: the bridge drops nothing on purpose. */
  readonly drops?: () => Promise<Drops>;
  /**
   * Called at the end for messages that are missing, past their expiry and no dead letters: whether a bus let them expire
   * unread. Default: a first bus that drops expired messages silently is assumed to have done so.
   */
  readonly unread?: (run: string) => Promise<Unread>;
  /** Ends the sending. */
  readonly signal: AbortSignal;
  /** Something keeps a connection from working; it is being tried again. */
  readonly onProblem: (error: SluiceError) => void;
}

/** A check that is under way. */
export interface Verification {
  /** Resolves with the verdict; rejects when a bus is lost for good. */
  readonly report: Promise<Report>;
  numbers(): { readonly sent: number; readonly arrived: number; readonly missing: number };
}

const POLL_MS = 50;
/** Between two readings of the dead letters. */
const LOOK_MS = 2000;
/** Time for a reopened reading end to receive messages that the old connection did not deliver. */
const RENEWED_QUIET_MS = 10_000;
const PROBES = 3;
/** Missing messages at which sending waits: about 200 MB of the checker's memory at most. */
const MAX_MISSING = 1_000_000;
const WINDOW = { messages: 1000, bytes: 64 * 1024 * 1024 };

/** Opens both ends, the reading one first; sends, reads, judges, closes. Resolves once both are open. */
export async function startVerification(ends: VerifyEnds, settings: VerifySettings): Promise<Verification> {
  const route = ends.spec.routes[0];
  if (route === undefined) throw new SluiceError('INTERNAL', 'a check without ends');
  const { source, sink, again } = await openEnds(ends.spec, route, settings, openingSignal(settings.signal));
  const run = randomBytes(6).toString('hex');
  const { expiresUnread = false } = busOf(settings.catalog, route.to.bus).sinkGuarantees(
    endOptions(ends.spec, route.to),
  );
  const believed = (): Promise<Unread> => Promise.resolve(() => expiresUnread);
  const { trafficClass, labels, expiresMs, slackMs, wedgedMs, allowed } = settings;
  const checker = new Checker({ run, trafficClass, labels, expiresMs, slackMs, wedgedMs, allowed });
  const generator = new Generator(
    {
      run,
      keys: Array.from({ length: settings.keys }, (_, index) => `k${index}`),
      ratePerSecond: settings.ratePerSecond,
      count: settings.count,
      lastsMs: settings.lastsMs,
      maxMissing: MAX_MISSING,
      frameOf: framer(ends, route, settings, checker),
    },
    sink,
    checker,
  );
  const rules = { place: settings.markPlace, isStamped: settings.isStamped ?? false };
  const reader = new Reader(checker, rules, source, again ?? (() => Promise.resolve(source)));
  const judged = (async (): Promise<Report> => {
    await generator.run(settings.signal);
    const open = (): readonly string[] => checker.incompleteKeys(endedOf(() => settings.deadLetters(run)));
    let left = await quiet(checker, open, settings.quietMs);
    if (left.length > 0 && again !== undefined) {
      checker.renewed();
      await reader.renew();
      left = await quiet(checker, open, Math.min(settings.quietMs, RENEWED_QUIET_MS));
    }
    for (let probe = 0; probe < PROBES && left.length > 0; probe += 1) {
      await generator.probe(left, AbortSignal.timeout(settings.quietMs));
      left = open();
    }
    if (left.length > 0) await quiet(checker, open, settings.quietMs);
    const unread = await (settings.unread ?? believed)(run);
    const drops = await settings.drops?.();
    return checker.finish(Date.now(), settings.deadLetters(run), unread, drops);
  })();
  const report = async (): Promise<Report> => {
    try {
      return await Promise.race([judged, reader.failed]);
    } finally {
      await Promise.allSettled([reader.close(), sink.close()]);
    }
  };
  return {
    report: report(),
    numbers: () => ({ sent: generator.sent, arrived: checker.arrived, missing: checker.missing }),
  };
}

/** The messages that are known to be dead letters. A number alone does not say which. */
function endedOf(find: () => DeadLettersFound): ReadonlySet<string> {
  try {
    const letters = find();
    return typeof letters === 'object' ? letters : new Set();
  } catch {
    // The reading at the end reports it.
    return new Set();
  }
}

/**
 * Waits until no key is `open`, or nothing has arrived for so long. Returns the keys that are open then. What became a dead letter
 * will not arrive: it is not waited for.
 */
async function quiet(checker: Checker, open: () => readonly string[], quietMs: number): Promise<readonly string[]> {
  let seen = -1;
  let sinceMs = Date.now();
  let lookMs = sinceMs + LOOK_MS;
  let left = checker.incompleteKeys();
  while (left.length > 0 && Date.now() - sinceMs < quietMs) {
    if (checker.missing !== seen) {
      seen = checker.missing;
      sinceMs = Date.now();
    }
    await pause(POLL_MS);
    left = checker.incompleteKeys();
    if (left.length === 0 || Date.now() < lookMs) continue;
    left = open();
    lookMs = Date.now() + LOOK_MS;
  }
  // A second copy comes behind the last missing message.
  await pause(Math.min(quietMs, 1000));
  return left.length === 0 ? left : open();
}

interface Opening {
  readonly signal: AbortSignal;
  isOver(): void;
}

/** Aborts with `signal` until the opening is over: an open end is still read after the sending was ended. */
function openingSignal(signal: AbortSignal): Opening {
  const opening = new AbortController();
  const abort = (): void => opening.abort();
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  return { signal: opening.signal, isOver: () => signal.removeEventListener('abort', abort) };
}

async function openEnds(
  spec: PipelineSpec,
  { name, from, to }: RouteSpec,
  { catalog, log, onProblem }: VerifySettings,
  opening: Opening,
): Promise<{ readonly source: Source; readonly sink: Sink; readonly again: (() => Promise<Source>) | undefined }> {
  const context = (direction: BusContext['direction'], connection: string): BusContext => {
    const place = { pipeline: spec.name, route: name, connection, direction };
    const report = busReporter({ ...place, log, health: new Health(), onUp: () => {}, onProblem });
    let checkpoint: string | undefined;
    return {
      ...place,
      window: WINDOW,
      isFenced: false,
      signal: opening.signal,
      report,
      checkpoint: {
        read: () => checkpoint,
        write(text) {
          checkpoint = text;
        },
      },
    };
  };
  // A message that arrives before the first sending is not of this run; no message of this run arrives before the reading begins.
  const bus = busOf(catalog, from.bus);
  const { redelivers } = bus.sourceGuarantees(endOptions(spec, from));
  // One context for every opening: the next source reads the position that the first one saved.
  const reading = context('source', from.connection);
  const openSource = (): Promise<Source> => bus.openSource(openingOptions(spec, from, bus, reading), reading);
  const source = await openSource();
  try {
    const writing = context('sink', to.connection);
    const target = busOf(catalog, to.bus);
    const sink = await target.openSink(openingOptions(spec, to, target, writing), writing);
    opening.isOver();
    // A source that redelivers nothing would miss the messages of the meantime.
    return { source, sink, again: redelivers ? openSource : undefined };
  } catch (thrown) {
    await source.close();
    throw asSluiceError(thrown);
  }
}

function framer(
  { key: keyTemplate }: VerifyEnds,
  { name, from, to }: RouteSpec,
  { catalog, body, values = [], headers = [], isBare = false, sizeBytes, expiresMs }: VerifySettings,
  checker: Checker,
): (mark: Mark) => Frame {
  const grammar = busOf(catalog, to.bus).grammar;
  const source = busOf(catalog, from.bus).grammar;
  const address = compileTemplate(to.address, { route: name, source, target: grammar, missing: 'ADDRESS_INVALID' });
  const place = keyPlace(keyTemplate);
  return (mark) =>
    frameOf(mark, checker.labelOf(mark), { address, place, body, values, headers, isBare, sizeBytes, expiresMs });
}

interface Make {
  readonly address: Template;
  readonly place: KeyPlace;
  readonly body: Readonly<Record<string, unknown>>;
  readonly values: readonly BodyValue[];
  readonly headers: readonly HeaderValue[];
  readonly isBare: boolean;
  readonly sizeBytes: number;
  readonly expiresMs: number | undefined;
}

function frameOf(mark: Mark, label: string | undefined, make: Make): Frame {
  const { address, place, body, values, isBare, sizeBytes, expiresMs } = make;
  const { run, key, number, sentAtMs } = mark;
  const id = `${run}-${key}-${number}`;
  const texts = [
    [MARK_HEADER, markText(mark)],
    ...headerTexts(make.headers, mark),
    ...place.headers.map((name) => [name, key]),
  ] as const;
  const headers = new Map(texts.map(([name = '', text = '']) => [name, [text]]));
  if (label !== undefined) headers.set('seclabel', [label]);
  const keyed = withValues(withKey(body, place, key), values, mark);
  const fields = {
    id,
    contentType: 'application/json',
    expiresAtMs: expiresMs === undefined ? undefined : sentAtMs + expiresMs,
  };
  return {
    ...fields,
    address: address({ id, address: '', key, headers, body: keyed, origin: fields }),
    key,
    headers,
    headerTypes: undefined,
    body: isBare ? bareBody(keyed) : markedBody(mark, keyed, sizeBytes),
    timestampMs: sentAtMs,
  };
}
