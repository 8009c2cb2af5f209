import type { SourceLag } from '#contract/source-lag.ts';
import type { Health, HealthPart } from '../../telemetry/health.ts';
import type { EndState, RouteNumbers } from '../../telemetry/route-numbers.ts';
import type { ErrorMemory } from './error-memory.ts';
import { isPartOf, judged, worst } from './judge.ts';
import type { EndOutline, PipelineOutline, RouteOutline } from './pipeline-outline.ts';
import { RouteSampler } from './route-sampler.ts';
import type { EndStatus, PartStatus, RouteCounts, RouteStatus, StageStatus, Status } from './status.ts';

const SAMPLE_MS = 1000;
/** Two questions within that time get one answer: a flood of them makes no work. */
const FRESH_MS = 200;

export interface StatusDeskSettings {
  readonly outline: PipelineOutline;
  readonly health: Health;
  readonly errors: ErrorMemory;
  readonly numbers: () => readonly RouteNumbers[];
}

/** Follows a pipeline by its counters, once a second. */
export class StatusDesk {
  readonly #settings: StatusDeskSettings;
  readonly #samplers: ReadonlyMap<string, RouteSampler>;
  readonly #startedAt = new Date().toISOString();
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #last: { readonly atMs: number; readonly status: Status } | undefined;

  constructor(settings: StatusDeskSettings) {
    this.#settings = settings;
    this.#samplers = new Map(settings.outline.routes.map(({ name }) => [name, new RouteSampler()]));
  }

  start(): void {
    this.#sample();
    this.#timer = setInterval(() => {
      this.#sample();
      for (const listener of this.#listeners) listener();
    }, SAMPLE_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#listeners.clear();
  }

  /** `listener` is called after each sample. The function returned ends it. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  now(): Status {
    if (this.#last === undefined || performance.now() - this.#last.atMs >= FRESH_MS) {
      const status = this.#status();
      this.#last = { atMs: performance.now(), status };
    }
    return this.#last.status;
  }

  #sample(): void {
    const nowMs = performance.now();
    for (const numbers of this.#settings.numbers()) this.#samplers.get(numbers.route)?.sample(numbers, nowMs);
  }

  #status(): Status {
    const { outline, health, errors, numbers } = this.#settings;
    const all = new Map(numbers().map((one) => [one.route, one]));
    const parts = health.parts();
    const routes = outline.routes.map((route) => this.#route(route, all.get(route.name), parts));
    const others = parts.filter(
      ({ name, isUp }) => !isUp && !outline.routes.some((route) => isPartOf(name, route.name)),
    );
    const state = worst([...routes.map((route) => route.state), ...others.map(() => 'down' as const)]);
    return {
      version: 1,
      at: new Date().toISOString(),
      pipeline: outline.name,
      startedAt: this.#startedAt,
      state,
      why: [
        ...others.map(({ name, why }) => `${name}: ${why}`),
        ...routes.filter((route) => route.state !== 'ok').map(({ name, why }) => `${name}: ${why.join('; ')}`),
      ],
      isReady: health.isReady,
      isStopping: health.isDraining,
      parts: parts.map(partStatus),
      routes,
      errors: errors.errors(),
    };
  }

  #route(outline: RouteOutline, numbers: RouteNumbers | undefined, parts: readonly HealthPart[]): RouteStatus {
    const sampler = this.#samplers.get(outline.name) ?? new RouteSampler();
    const rates = sampler.rates();
    const signs = {
      parts: parts.filter(({ name }) => isPartOf(name, outline.name)),
      numbers,
      badEnds: numbers === undefined ? 0 : sampler.badEnds(numbers),
      retriesPerSecond: rates.retries,
    };
    const times = numbers?.times;
    return {
      name: outline.name,
      class: outline.class,
      ...judged(signs),
      source: { ...endStatus(outline.source, numbers?.source), ...lagStatus(numbers?.source?.lag ?? []) },
      stages: outline.stages.map(({ name }, at): StageStatus => {
        const stage = times?.stages[at];
        const p99 = stage === undefined ? undefined : sampler.stageP99(stage.duration, at);
        const counts = { in: stage?.in ?? 0, out: stage?.out ?? 0, rate: sampler.rateOf('stages', at) };
        return { name, ...counts, ...(p99 !== undefined && { p99Seconds: p99 }) };
      }),
      sinks: outline.sinks.map((sink, at) => {
        const state = numbers?.sinks[at];
        const confirmed = times?.confirmed[at];
        const p99 = confirmed === undefined ? undefined : sampler.confirmP99(confirmed, at);
        return {
          ...endStatus(sink, state),
          sent: state?.sent ?? 0,
          rate: sampler.rateOf('sinks', at),
          ...(p99 !== undefined && { confirmP99Seconds: p99 }),
        };
      }),
      rates,
      history: sampler.history(),
      ...(numbers !== undefined && numbersStatus(numbers, sampler)),
    };
  }
}

function numbersStatus(numbers: RouteNumbers, sampler: RouteSampler): Partial<RouteStatus> {
  const { window, deadLetters, spooled, letteredBy } = numbers;
  const { oldestAgeMs, messages, messageLimit, mostMessages, bytes, byteLimit, isPaused } = window;
  const latency = sampler.latency(numbers);
  const oldestAt = deadLetters.oldestAtMs;
  return {
    counts: countsOf(numbers),
    window: { messages, messageLimit, mostMessages, bytes, byteLimit, isPaused },
    ...(oldestAgeMs !== undefined && { oldestSeconds: seconds(oldestAgeMs) }),
    ...(latency !== undefined && { latency }),
    ...(spooled !== undefined && {
      spool: {
        messages: spooled,
        bytes: numbers.spoolBytes ?? 0,
        oldestSeconds: seconds(numbers.spoolOldestAgeMs ?? 0),
        isFull: numbers.spoolIsFull ?? false,
      },
    }),
    deadLetters: {
      stored: deadLetters.letters,
      bytes: deadLetters.bytes,
      ...(oldestAt !== undefined && { oldestAt: new Date(oldestAt).toISOString() }),
      byCode: { ...letteredBy },
    },
  };
}

function countsOf(numbers: RouteNumbers): RouteCounts {
  const { accepted, delivered, dropped, superseded, expired, deadLettered, blocked, held, repeated, retries } = numbers;
  return { accepted, delivered, dropped, superseded, expired, deadLettered, blocked, held, repeated, retries };
}

function endStatus({ connection, bus, address }: EndOutline, state: EndState | undefined): EndStatus {
  const suspended = state?.suspended;
  return {
    connection,
    bus,
    address,
    isConnected: state?.isConnected ?? false,
    ...(suspended !== undefined && { suspended }),
    reconnects: state?.reconnects ?? 0,
  };
}

/** What the bus does not count is absent, and a sum of it with the rest would be a lie. */
function lagStatus(lag: readonly SourceLag[]): Omit<RouteStatus['source'], keyof EndStatus> {
  if (lag.length === 0) return {};
  const counts = lag.flatMap(({ messages }) => messages ?? []);
  const times = lag.flatMap(({ oldestAtMs }) => oldestAtMs ?? []);
  return {
    lag,
    ...(counts.length === lag.length && { lagMessages: counts.reduce((sum, count) => sum + count, 0) }),
    ...(times.length > 0 && { lagSeconds: seconds(Math.max(0, Date.now() - Math.min(...times))) }),
  };
}

function partStatus({ name, isUp, why, remedy, sinceMs, forMs }: HealthPart): PartStatus {
  return {
    name,
    isUp,
    ...(why !== undefined && { why }),
    ...(remedy !== undefined && { remedy }),
    since: new Date(sinceMs).toISOString(),
    forSeconds: Math.round(forMs / 1000),
  };
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
