// `npm test`, `npm run test:fast`, `npm run test:long`: runs the files of a tier, several at a time, beside one server
// of each kind for all of them. Node's own runner judges each file; this program says which, when and beside what.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RUN_VARIABLE } from '../harness/run-variable.ts';
import { SERVER_KINDS, type ServerKind } from '../harness/shared-servers.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { type FileResult, runFile } from './file-run.ts';
import { readOptions, type RunOptions } from './options.ts';
import { groupsOf, Pool } from './pool.ts';
import { runServers, startsText } from './run-servers.ts';
import { complaintText, countsText, durationText, headline, isBad, Screen, summaryText } from './screen.ts';
import { remember, secondsBefore } from './seconds.ts';
import { filesOf, PROJECT, type TestFile } from './tiers.ts';

const RESULTS = join(PROJECT, '.test-results');
/** From Ctrl-C until whatever still runs is killed. */
const FAREWELL_MS = 1000;
const INTERRUPTED = 130;
const USAGE_ERROR = 2;

const options = readOptions(process.argv.slice(2));
if (typeof options === 'string') {
  process.stderr.write(options);
  process.exitCode = USAGE_ERROR;
} else {
  process.exitCode = await main(options);
  // A server that was about to start, or a tool that was being fetched, is not waited for.
  if (process.exitCode === INTERRUPTED) process.exit();
}

async function main(asked: RunOptions): Promise<number> {
  const files = filesOf(asked.tier, asked.patterns);
  if (asked.list) process.stdout.write(files.map(({ path }) => `${path}\n`).join(''));
  if (asked.list) return 0;
  if (files.length > 0) return run(asked, files);
  process.stderr.write(`no test file of the tier ${asked.tier} has ${asked.patterns.join(' or ')} in its path\n`);
  return USAGE_ERROR;
}

async function run({ tier, patterns, only, ...asked }: RunOptions, files: readonly TestFile[]): Promise<number> {
  const screen = new Screen();
  const secondsOf = secondsBefore();
  const groups = groupsOf(files, secondsOf, asked.atOnce);
  screen.say(headline(tier, files, groups, secondsOf));
  const interrupted = new AbortController();
  // Before any server of the harness starts: it then leaves the signals to us.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());
  using folder = temporaryFolder('test-run');
  const needsServers = files.some(({ kind }) => kind === 'server' || kind === 'long');
  await using servers = needsServers ? runServers(folder.path, (line) => screen.say(`  ${line}`)) : undefined;
  // A whole tier wants each of them soon; a part of one says what it wants.
  if (patterns.length === 0) for (const kind of SERVER_KINDS) servers?.want(kind);
  const fileOptions = {
    env: environment(folder.path, needsServers),
    only,
    wants: (kind: ServerKind) => servers?.want(kind),
  };
  const pool = new Pool({
    start: (file) => runFile(file, fileOptions),
    ended(result) {
      const complaint = complaintText(result);
      if (complaint !== undefined && !interrupted.signal.aborted) screen.say(complaint);
    },
    secondsOf,
  });
  screen.follow(() => pool.progress());
  await pool.run(groups, interrupted.signal);
  screen.rest();
  if (interrupted.signal.aborted) {
    const soFar = countsText(pool.tally());
    await pool.end(FAREWELL_MS);
    sweepLater(folder.path);
    screen.say(`interrupted after ${durationText(screen.seconds)}: ${soFar} so far`);
    return INTERRUPTED;
  }
  await servers?.settled();
  if (needsServers) screen.say(`Servers started: ${startsText(folder.path)}`);
  screen.say(summaryText(pool.results, screen.seconds, tier));
  // A part of a tier leaves the record of the whole as it is.
  if (patterns.length === 0 && only === undefined) record(tier, pool.results);
  if (asked.remember) {
    const measured = Object.fromEntries(pool.results.map(({ file, seconds }) => [file.path, seconds]));
    remember(measured, new Set(filesOf('all', []).map(({ path }) => path)));
  }
  return pool.results.some(isBad) ? 1 : 0;
}

/** A server that is killed with its test may write until then: what it leaves goes a little later. */
function sweepLater(folder: string): void {
  const args = ['-c', 'sleep 3; rm -rf -- "$1"', 'sweeper', folder];
  spawn('sh', args, { detached: true, stdio: 'ignore' }).unref();
}

/** Of every test file. */
function environment(runFolder: string, needsServers: boolean): NodeJS.ProcessEnv {
  const temporary = join(runFolder, 'tmp');
  mkdirSync(temporary);
  return {
    ...process.env,
    // What a test leaves behind goes with the run.
    TMPDIR: temporary,
    // Half of what a process takes to start is to compile the same modules again.
    NODE_COMPILE_CACHE: join(RESULTS, 'compile-cache'),
    ...(needsServers && { [RUN_VARIABLE]: runFolder }),
  };
}

/** What ran and how it ended, for test/names/compare.ts. */
function record(tier: string, results: readonly FileResult[]): void {
  const tests = results
    .flatMap((result) => result.tests)
    .map(({ failure, ...test }) => ({ ...test, ok: failure === undefined }));
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, `${tier}.json`), `${JSON.stringify(tests, undefined, 1)}\n`);
}
