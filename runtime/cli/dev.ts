import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { LoadedFunction } from '#contract/stage-kind.ts';
import { catalog } from '../host/catalog.ts';
import { type RunSettings, startPipeline } from '../host/pipeline.ts';
import { makeTemporaryState, removeTemporaryState } from '../rehearsal/temporary-state.ts';
import { withinDeadline } from './check-deadline.ts';
import { type Arguments, type Command, UsageError } from './command.ts';
import { judgeApart } from './dev/judge.ts';
import { loadVersion } from './dev/load-version.ts';
import { MemoryBuses, quietLog } from './dev/memory-buses.ts';
import { Messages } from './dev/messages.ts';
import { DevSession, type SessionSettings } from './dev/session.ts';
import type { Version } from './dev/what-changed.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { exportLogs } from './export-logs.ts';
import { type LiveLog, liveLog } from './live-log.ts';
import { logSettings } from './log-settings.ts';
import { paintOf } from './paint.ts';
import { reportFailure } from './report-failure.ts';
import { RUN_HELP, RUN_OPTIONS, runOptions } from './run-options.ts';
import { untilSignal } from './run-until-signal.ts';
import { withSpoolFolders } from './spool-folder.ts';
import { logStrayErrors } from './stray-errors.ts';
import { SOURCE_FOLDERS, watchProject } from './watch-project.ts';

const { drain: _drain, 'fail-fast': _failFast, ...RUNS } = RUN_OPTIONS;
const { '--fail-fast': _noFailFast, ...RUNS_HELP } = RUN_HELP;

export const dev: Command = {
  usage: '[PIPELINE] [--offline [--feed FILE.jsonl] [--rate 1/s] [--address A]] [--admin HOST:PORT] [--state DIR]',
  help: {
    '--offline':
      'memory in the place of each bus, and sample messages again and again: needs no server and no environment',
    '--feed FILE': 'the sample messages, in the form of `sluice try` (default: every fixtures/*.jsonl)',
    '--rate 1/s': 'how many of them a second (default 1/s)',
    '--address A': 'the topic, subject or queue of messages that name none (default: one that the route reads)',
    ...RUNS_HELP,
    '--admin HOST:PORT': "where the operator's page is served (default: a free port of 127.0.0.1)",
    '--state DIR': 'folder of what must outlive the process (default .sluice/NAME; with --offline a temporary one)',
  },
  examples: [
    ['pipelines/orders.yaml --offline', 'on memory buses, with the messages of fixtures/*.jsonl'],
    ['pipelines/orders.yaml', 'on its own buses; what is saved runs from the next message on'],
    ['--offline --feed day1.jsonl --rate 5/s', 'the only pipeline of the folder, with other messages'],
  ],
  options: {
    ...RUNS,
    offline: { type: 'boolean' },
    feed: { type: 'string' },
    rate: { type: 'string' },
    address: { type: 'string' },
  },
  words: [0, 1],
  run: develop,
};

/** How long a bus may take before `--offline` is advised. */
const PATIENCE_MS = 3000;
const QUIET_RATE = 10;
/** Versions whose stack traces can be read: what an old one left behind may throw later. */
const EXPLAINED = 20;

async function develop(given: Arguments): Promise<ExitCode> {
  const { values } = given;
  const file = given.positionals[0] ?? onlyPipeline();
  const isOffline = values['offline'] === true;
  const orphan = ['feed', 'rate', 'address'].find((name) => values[name] !== undefined);
  if (!isOffline && orphan !== undefined) throw new UsageError(`expected --offline beside --${orphan}, found none`);
  const perSecond = rateOption(values['rate']);
  const options = { ...given, values: { ...values, admin: values['admin'] ?? '127.0.0.1:0' } };
  const advice = `Without its servers and variables: sluice dev ${file} --offline`;
  const loaded = await withinDeadline(file, { output: 'stderr' }, () => loadVersion(file, isOffline));
  if ('wrong' in loaded) {
    process.stderr.write(`${loaded.wrong.trimEnd()}\n${isOffline ? '' : `${advice}\n`}`);
    return EXIT.invalid;
  }
  const { version, folder } = loaded;
  const { name } = version.spec;
  const live = liveLog(logSettings(version.spec, catalog, process.env));
  const temporary = isOffline && values['state'] === undefined ? makeTemporaryState() : undefined;
  const chosen = runOptions(options, folder, name);
  const settings = {
    ...chosen,
    stateFolder: temporary ?? chosen.stateFolder,
    catalog,
    log: isOffline ? quietLog(live.log) : live.log,
    environment: isOffline ? {} : process.env,
  };
  const text = (option: string): string | undefined => {
    const value = values[option];
    return typeof value === 'string' ? value : undefined;
  };
  const feed = { project: folder, file: text('feed'), address: text('address') };
  const offline = isOffline ? { feed, perSecond } : undefined;
  try {
    return await untilEnd({ file, folder, version, settings, live, offline, advice });
  } finally {
    if (temporary !== undefined) removeTemporaryState(temporary);
  }
}

interface Development {
  readonly file: string;
  readonly folder: string;
  readonly version: Version;
  readonly settings: Omit<RunSettings, 'parts'>;
  readonly live: LiveLog;
  readonly offline: Pick<ConstructorParameters<typeof MemoryBuses>[0], 'feed' | 'perSecond'> | undefined;
  readonly advice: string;
}

async function untilEnd({ file, folder, version, settings, live, offline, advice }: Development): Promise<ExitCode> {
  const { log } = settings;
  const paint = paintOf(process.stdout);
  process.stdout.on('error', () => {});
  const tell = (line: string): void => void process.stdout.write(`${paint('bold', 'dev')}  ${line}\n`);
  const explained: LoadedFunction[] = [];
  const remember = ({ parts: { functions } }: Version): void => {
    const [any] = functions.values();
    if (any !== undefined) explained.unshift(any);
    explained.splice(EXPLAINED);
  };
  const messages = new Messages({
    pipeline: version.spec.name,
    numbers: () => session?.numbers() ?? [],
    paint,
    write: (shown) => void process.stdout.write(shown),
    isQuiet: (offline?.perSecond ?? 0) > QUIET_RATE,
  });
  const memory = offline && new MemoryBuses({ ...offline, catalog: settings.catalog, messages, tell });
  const sessionSettings: SessionSettings = {
    file,
    tell,
    judge: () => judgeApart(file),
    load: async () => {
      const loaded = await loadVersion(file, memory !== undefined);
      if ('version' in loaded) remember(loaded.version);
      return loaded;
    },
    dressed: (spec) => memory?.dressed(spec) ?? withSpoolFolders(folder, spec, log),
    start(next, port) {
      const admin = settings.admin && { ...settings.admin, port: port ?? settings.admin.port };
      const own = { ...settings, admin };
      return memory?.start(next, own) ?? startPipeline(next.spec, { ...own, parts: next.parts });
    },
  };
  const signal = untilSignal(log);
  remember(version);
  const stopWatching = logStrayErrors(new Map([['', explaining(explained)]]), log);
  const stopExport = await exportLogs(live.log, version.spec.name, settings.environment);
  // A bus may hold no open handle: this timer keeps the process alive until a signal.
  const alive = setInterval(() => {}, 2 ** 30);
  let session: DevSession | undefined;
  let code: ExitCode = EXIT.fine;
  let isEnding = false;
  try {
    session = await DevSession.start(sessionSettings, version);
    const started = session;
    tell(
      `${file} runs${memory === undefined ? '' : ' on memory buses'}: ${started.adminUrl ?? ''}  A save of it, its functions or schemas is swapped in; Ctrl-C ends.`,
    );
    const slow = setTimeout(() => tell(`a bus does not answer yet: it is tried again. ${advice}`), PATIENCE_MS);
    started.ready.then(
      () => clearTimeout(slow),
      () => {},
    );
    const imports = (): readonly string[] => foldersOf(folder, started.version.imported);
    // The start looks at no types, as that of `run`: what is wrong with them is told once it is known.
    void judgeApart(file).then((wrong) => {
      if (wrong !== undefined && !isEnding && started.version === version)
        tell(`what runs has errors:\n${wrong.trimEnd()}`);
    });
    using _ = watchProject(file, () => void started.changed(), imports);
    // What was saved since the file was read.
    void started.changed();
    const stopShow = live.show(started);
    try {
      await Promise.race([signal, started.lost]);
    } finally {
      isEnding = true;
      clearTimeout(slow);
      stopShow();
    }
  } catch (thrown) {
    code = reportFailure(thrown, log);
  }
  memory?.close();
  await session?.stop();
  stopWatching();
  await stopExport();
  clearInterval(alive);
  return code;
}

/** In the files of any version: the newest that knows the place. */
function explaining(versions: readonly LoadedFunction[]): LoadedFunction {
  const [any] = versions;
  return {
    transform: (body) => body,
    home: () => any?.home() ?? Promise.reject(new Error('no function was loaded')),
    explain(thrown) {
      const found = versions.map((one) => one.explain(thrown));
      return (
        found.find(({ position }) => position !== undefined) ?? found[0] ?? { position: undefined, stack: undefined }
      );
    },
  };
}

/** Of files outside of the folders that are watched whole. */
function foldersOf(project: string, imported: readonly string[]): readonly string[] {
  const others = imported.filter((path) => !SOURCE_FOLDERS.some((folder) => path.startsWith(`${folder}/`)));
  return [...new Set(others.map((path) => dirname(join(project, path))))];
}

function onlyPipeline(): string {
  const names = yamlIn('pipelines');
  const [first] = names;
  if (first !== undefined && names.length === 1) return join('pipelines', first);
  throw new UsageError(
    `expected a pipeline file, found ${names.length === 0 ? 'none in' : `${names.length} of them in`} ${resolve('pipelines')}`,
  );
}

function yamlIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => /\.ya?ml$/.test(name));
  } catch {
    return [];
  }
}

function rateOption(given: Arguments['values'][string]): number {
  const found = /^0*([1-9]\d{0,4})\/s$/.exec(typeof given === 'string' ? given : '1/s')?.[1];
  if (found === undefined) throw new UsageError(`expected --rate with a rate such as 5/s, found ${String(given)}`);
  return Number(found);
}
