import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after } from 'node:test';
import { promisify } from 'node:util';
import { javaCommand } from './java-command.ts';
import { patient } from './patience.ts';
import { pathOf } from './provide.ts';
import { BROKERS_FOLDER } from './brokers-folder.ts';
import { isStamped, makeStamped } from '../../runtime/infra/stamped.ts';
import { temporaryFolder } from './temporary-folder.ts';

const SOURCES = join(import.meta.dirname, 'java');
const COMPILE_MS = 120_000;
const CALL_MS = 90_000;

/** The folder of the classes, compiled once for each content of the sources. */
async function compiled(): Promise<string> {
  const [javac, jars] = await Promise.all([pathOf('javac'), pathOf('kafka')]);
  const sources = readdirSync(SOURCES)
    .filter((name) => name.endsWith('.java'))
    .map((name) => join(SOURCES, name));
  const hash = createHash('sha256').update(realpathSync(javac));
  for (const source of sources) hash.update(readFileSync(source));
  const wanted = { path: join(BROKERS_FOLDER, 'kafka-java'), version: hash.digest('hex').slice(0, 16) };
  if (isStamped(wanted)) return wanted.path;
  await makeStamped(wanted, async (partial) => {
    const classes = join(partial, 'classes');
    mkdirSync(classes, { recursive: true });
    const args = ['-cp', join(jars, '*'), '-d', classes, ...sources];
    await promisify(execFile)(javac, args, { timeout: patient(COMPILE_MS) });
    return classes;
  });
  return wanted.path;
}

/** A JVM in which the programs run: it takes longer to start than they take. */
interface Jvm {
  readonly process: ChildProcess;
  /** What it prints. Ends with it. */
  readonly lines: AsyncIterator<string>;
  /** The end of what it complained of. */
  readonly complaint: () => string;
}

async function startJvm(): Promise<Jvm> {
  const [classes, java] = await Promise.all([compiled(), javaCommand()]);
  const { binary, args } = java(temporaryFolder('kafka-java').path, classes);
  const process = spawn(binary, [...args, 'Calls'], { stdio: 'pipe' });
  let said = '';
  process.stderr.on('data', (piece) => (said = (said + String(piece)).slice(-2000)));
  // Its output ends then, and with it the call.
  process.on('error', (error) => (said += error.message));
  process.stdin.on('error', () => {});
  const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
  return { process, lines, complaint: () => said };
}

let running: Promise<Jvm> | undefined;
let last: Promise<unknown> = Promise.resolve();

// It ends when its input does, so also with this process.
after(async () => (await running)?.process.stdin?.end());

async function call(program: string, args: readonly string[], input: readonly string[]): Promise<unknown[]> {
  const { process, lines, complaint } = await (running ??= startJvm());
  const late = setTimeout(() => process.kill('SIGKILL'), patient(CALL_MS));
  try {
    const head = JSON.stringify({ program, arguments: args, lines: input.length });
    process.stdin?.write([head, ...input, ''].join('\n'));
    const output: unknown[] = [];
    for (;;) {
      const line = await lines.next();
      if (line.done === true) {
        running = undefined;
        throw new Error(`${program} ended with its JVM: ${complaint()}`);
      }
      // What the logger prints comes between.
      if (!line.value.startsWith('{')) continue;
      const found = JSON.parse(line.value) as object;
      if (!('ended' in found)) output.push(found);
      else if (found.ended === 'well') return output;
      else throw new Error(`${program} failed: ${String(found.ended)}`);
    }
  } finally {
    clearTimeout(late);
  }
}

/** Runs one of the programs in the folder `java`. Its input and output are lines of JSON. */
export function runJava(
  program: 'Read' | 'Write',
  args: readonly string[],
  input: readonly string[],
): Promise<unknown[]> {
  const result = last.then(() => call(program, args, input));
  last = result.catch(() => {});
  return result;
}
