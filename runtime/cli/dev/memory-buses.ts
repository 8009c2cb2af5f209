import type { Catalog } from '#contract/catalog.ts';
import type { Log } from '#contract/log.ts';
import { after } from '#kit/timer.ts';
import { systemClock } from '../../engine/clock.ts';
import { startEventLoopWatchdog } from '../../engine/event-loop-watchdog/start.ts';
import { type RunningPipeline, startPipeline, type RunSettings } from '../../host/pipeline.ts';
import type { PipelineSpec } from '../../project/pipeline-spec.ts';
import { Activity } from '../../rehearsal/activity.ts';
import { bodiesOf } from '../../rehearsal/codecs-of-route.ts';
import { withOwnFiles } from '../../rehearsal/own-files.ts';
import { frameOf, publishTo } from '../../rehearsal/publish.ts';
import { RehearsalError } from '../../rehearsal/rehearsal-error.ts';
import { StandIns } from '../../rehearsal/stand-ins.ts';
import type { Life } from '../../rehearsal/steps.ts';
import type { StandInTime } from '../../rehearsal/virtual-time.ts';
import { withWatchedStages } from '../../rehearsal/watched-stages.ts';
import { MACHINE_PACE } from '../../store/state-pace.ts';
import { type FeedSettings, readFeed, type Sample } from './feed.ts';
import type { Messages } from './messages.ts';
import type { Version } from './what-changed.ts';

export interface MemorySettings {
  readonly catalog: Catalog;
  readonly feed: FeedSettings;
  readonly perSecond: number;
  readonly messages: Messages;
  readonly tell: (line: string) => void;
}

/** No more sample messages than these wait for a route. */
const MOST_WAITING = 100;

/** Runs pipelines on memory in the place of their buses, by the clock of the machine, and feeds them sample messages again and again. */
export class MemoryBuses {
  readonly #settings: MemorySettings;
  readonly #activity = new Activity();
  readonly #life: Life = { isOver: false };
  #standIns: StandIns | undefined;
  #bodies: ReadonlyMap<string, ReturnType<typeof bodiesOf>> = new Map();
  #samples: readonly Sample[] = [];
  #round = 0;
  #at = 0;
  #feeding: NodeJS.Timeout | undefined;
  #told = '';

  constructor(settings: MemorySettings) {
    this.#settings = settings;
  }

  /** The stages report what they do with each message. Nothing is written outside of the folder of the state. */
  dressed(spec: PipelineSpec): PipelineSpec {
    const { messages } = this.#settings;
    const watch = { life: this.#life, probe: () => {}, activity: this.#activity, observe: messages.observe };
    return withWatchedStages(withoutSpools(withOwnFiles(spec)), watch);
  }

  async start({ spec, parts }: Version, settings: Omit<RunSettings, 'catalog' | 'parts'>): Promise<RunningPipeline> {
    const { catalog, messages } = this.#settings;
    clearInterval(this.#feeding);
    const standIns = new StandIns({
      spec,
      catalog,
      time: machineTime(),
      startMs: Date.now(),
      activity: this.#activity,
      keepsPublished: false,
    });
    this.#standIns = standIns;
    this.#bodies = new Map(spec.routes.map((route) => [route.name, bodiesOf(route, catalog, parts)]));
    messages.of(standIns);
    const running = await startPipeline(
      spec,
      { ...settings, parts, catalog: standIns.catalog(this.#life, (moment) => messages.step(moment)) },
      {
        clock: systemClock,
        pace: MACHINE_PACE,
        startWatchdog: startEventLoopWatchdog,
        stores: ({ deadLetters, processedIds }) => ({
          processedIds,
          deadLetters: {
            ...deadLetters,
            record(letter) {
              messages.died(letter);
              return deadLetters.record(letter);
            },
          },
        }),
      },
    );
    this.#read();
    running.ready.then(
      () => (this.#feeding = setInterval(() => this.#feed(), 1000 / this.#settings.perSecond)),
      () => {},
    );
    return running;
  }

  /** Feeds no more. */
  close(): void {
    clearInterval(this.#feeding);
  }

  /** The files of the feed are read anew in each round: an edited message comes with the next one. */
  #read(): void {
    const { feed, tell } = this.#settings;
    const { samples, unplaced } = readFeed(feed, this.#standIns?.inlets ?? []);
    this.#samples = samples;
    const said =
      unplaced.length > 0
        ? `not fed: ${unplaced.slice(0, 3).join(', ')}. Write route or address into the line, or name the file after its route`
        : samples.length === 0
          ? 'no sample messages: write some into fixtures/ROUTE.jsonl, or name a file with --feed'
          : '';
    if (said !== '' && said !== this.#told) tell(said);
    this.#told = said;
  }

  #feed(): void {
    if (this.#at >= this.#samples.length) {
      this.#at = 0;
      this.#round += 1;
      try {
        this.#read();
      } catch (thrown) {
        // The file is being written, or is gone: the messages of the last round come again.
        if (!(thrown instanceof Error)) throw thrown;
      }
    }
    const sample = this.#samples[this.#at];
    this.#at += 1;
    if (sample !== undefined) this.#send(sample);
  }

  #send({ line, place, connection, route, address }: Sample): void {
    const { messages, tell } = this.#settings;
    const standIns = this.#standIns;
    const inlets = standIns?.inlets.filter((inlet) => inlet.route.from.connection === connection) ?? [];
    if (standIns === undefined || inlets.every(({ subscription }) => subscription.unsettled >= MOST_WAITING)) return;
    // The publisher's id of the line would be that of a repetition.
    const id = line.options.id === undefined ? {} : { id: `${line.options.id}-${this.#round}` };
    const options = { ...line.options, ...id, address, route };
    try {
      const published = publishTo(standIns, { connection, inlets, route, address }, (inlet) => {
        const codec = this.#bodies.get(inlet.route.name)?.source(options.contentType);
        if (codec === undefined) throw new RehearsalError(`expected a route that runs, found ${inlet.route.name}`);
        return frameOf(line.body, { address, options, nowMs: Date.now(), codec });
      });
      for (const one of published) messages.sent(one.route, one.id, place, one.frame);
    } catch (thrown) {
      if (!(thrown instanceof RehearsalError)) throw thrown;
      tell(`${place}: ${thrown.message}`);
    }
  }
}

/** What a spool keeps would be settled before it was sent. */
function withoutSpools(spec: PipelineSpec): PipelineSpec {
  return { ...spec, routes: spec.routes.map((route) => ({ ...route, spool: undefined })) };
}

function machineTime(): StandInTime {
  const startedMs = performance.now();
  return {
    get nowMs() {
      return Date.now();
    },
    get passedMs() {
      return performance.now() - startedMs;
    },
    after,
  };
}

/** Without what the messages themselves show. */
export function quietLog(log: Log): Log {
  return {
    info: (event, fields) => event === 'function' && log.info(event, fields),
    warn: (event, fields) => event === 'dead-letter' || log.warn(event, fields),
    error: (event, fields) => log.error(event, fields),
  };
}
