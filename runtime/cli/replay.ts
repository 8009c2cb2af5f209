import { SluiceError } from '#contract/errors.ts';
import type { LogRange } from '#contract/log-replay.ts';
import { catalog } from '../host/catalog.ts';
import { prepareReplay, type PreparedReplay, type ReplaySettings } from '../host/replay/start-replay.ts';
import { findingsEnvelope } from '../project/check/findings-text.ts';
import { withinDeadline } from './check-deadline.ts';
import { type Arguments, type Command, UsageError } from './command.ts';
import { commandPrefix } from './command-prefix.ts';
import { momentOption, rateOption } from './dead-letter-filter.ts';
import { durationOption } from './duration-option.ts';
import { loadPipeline } from './load-parts.ts';
import { quietLog } from './quiet-log.ts';
import { momentText } from './replay-report.ts';
import { replayedRoute } from './replay-route.ts';
import { abandonReplay, countRange, runReplay } from './run-replay.ts';
import { standardState } from './state-folder.ts';
import { tellFailure } from './tell-failure.ts';
import { refuseFindings } from './refuse-findings.ts';

const DRAIN_MS = 10_000;

export const replay: Command = {
  usage:
    'PIPELINE --from TIME --to TIME [--route ROUTE] [--rate 500/s] [--renew-expiry 5m] [--state DIR] [--dry-run] [--abandon] [--json]',
  help: {
    '--from TIME': 'messages that the log took since: 2h ago, or 2026-11-25T03:00:00Z',
    '--to TIME': 'messages that it took before',
    '--route ROUTE': 'the route to replay; needed where several read a log',
    '--rate N/s': 'at most so many messages a second',
    '--renew-expiry TIME': 'expired messages are sent too, and expire so long after they were read',
    '--state DIR':
      'folder of what outlives the process, as `run` has it (default .sluice/NAME beside the project); the replay has its own folder in it',
    '--dry-run': 'print how many messages lie in the range, and send nothing',
    '--abandon': 'give up this replay, which was interrupted: remove its reader at the server, and its folder',
    '--json': 'print one JSON object instead of lines',
  },
  examples: [
    [
      'pipelines/orders.yaml --from 2026-11-25T03:00:00Z --to 2026-11-25T04:00:00Z --rate 500/s',
      'one hour of the log through the current stages; repeat it to go on after an interruption',
    ],
    ['pipelines/orders.yaml --route archive --from 2h --to 1h --dry-run', 'how many messages that would be'],
  ],
  options: {
    from: { type: 'string' },
    to: { type: 'string' },
    route: { type: 'string' },
    rate: { type: 'string' },
    'renew-expiry': { type: 'string' },
    state: { type: 'string' },
    'dry-run': { type: 'boolean' },
    abandon: { type: 'boolean' },
    json: { type: 'boolean' },
  },
  words: 1,
  async run(given) {
    const file = given.positionals[0] ?? '';
    const isJson = given.values['json'] === true;
    const range = rangeOf(given);
    const own = ownSettings(given);
    const { result, project, parts, findings } = await withinDeadline(
      file,
      { output: isJson ? 'stdout' : 'stderr', isJson },
      () => loadPipeline(file, 'run'),
    );
    const { spec } = result;
    if (spec === undefined || parts === undefined || !findingsEnvelope(findings).ok) {
      return refuseFindings(findings, isJson ? 'replay' : undefined);
    }
    const { state } = given.values;
    const stateFolder = typeof state === 'string' ? state : standardState(project.folder, spec.name);
    try {
      const replayed = await replayedRoute(spec, catalog, given.values['route']);
      const prepared = await prepareReplay(replayed, range, stateFolder);
      const task = { file, isJson, prepared, stateFolder, again: againWith(given, file, prepared) };
      if (given.values['abandon'] === true) return await abandonReplay(task);
      if (given.values['dry-run'] === true) return countRange(task, own.renewExpiryMs !== undefined);
      const settings = { ...own, parts, stateFolder, log: quietLog(), drainMs: DRAIN_MS, environment: process.env };
      return await runReplay(task, settings);
    } catch (thrown) {
      if (!(thrown instanceof SluiceError)) throw thrown;
      return tellFailure(thrown, isJson ? 'replay' : undefined);
    }
  },
};

/** Throws UsageError. */
function rangeOf({ values }: Arguments): LogRange {
  const fromMs = momentOption('--from', values['from']);
  const toMs = momentOption('--to', values['to']);
  if (fromMs === undefined || toMs === undefined) {
    throw new UsageError(
      'expected --from and --to, each with a duration before now (2h) or a moment (2026-11-25T03:00:00Z)',
    );
  }
  if (fromMs >= toMs) throw new UsageError('expected --from before --to, found it behind');
  // A range that is still written has no end that could be looked up.
  if (toMs > Date.now()) throw new UsageError('expected --to in the past, found a moment to come');
  return { fromMs, toMs };
}

/** Throws UsageError. */
function ownSettings(given: Arguments): Pick<ReplaySettings, 'perSecond' | 'renewExpiryMs'> {
  const renewal = given.values['renew-expiry'];
  return {
    perSecond: rateOption(given),
    renewExpiryMs: typeof renewal === 'string' ? durationOption('--renew-expiry', renewal, '5m', '3650d') : undefined,
  };
}

/** The same command with its moments: `2h` is another moment later. */
function againWith({ values }: Arguments, file: string, { record }: PreparedReplay): string {
  const more = ['state', 'rate', 'renew-expiry'].flatMap((name) => {
    const value = values[name];
    return typeof value === 'string' ? [` --${name} ${value}`] : [];
  });
  return `${commandPrefix()} replay ${file} --route ${record.route} --from ${momentText(record.fromMs)} --to ${momentText(record.toMs)}${more.join('')}`;
}
