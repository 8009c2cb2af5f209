import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Finding } from '../check/findings.ts';
import { asMap } from '#kit/json-value.ts';
import type { CallAssertions, TypedCalls } from './call-types.ts';
import { type CompilerMessage, messagesIn } from './compiler-output.ts';
import { packageFolder, publicDoor } from '../package-folder.ts';

/** More than the type check of any project of functions takes. */
const LIMIT_MS = 15_000;

/**
 * For a project without a tsconfig.json: the syntax that the bundler supports, and types as strict as possible without
 * requiring an annotation everywhere.
 */
const OPTIONS = {
  target: 'es2023',
  module: 'preserve',
  moduleResolution: 'bundler',
  strict: true,
  noImplicitAny: false,
  allowJs: true,
  checkJs: false,
  resolveJsonModule: true,
} as const;

/**
 * Errors about missing modules and types, not about the function itself. The bundler reports missing modules, and the types
 * of packages and of Node need not be installed.
 */
const SURROUNDINGS = new Set(['TS2307', 'TS2580', 'TS2591', 'TS2688', 'TS2792', 'TS2875', 'TS5097', 'TS7016']);

/**
 * Type-checks the TypeScript files of functions with the compiler of the project, or else the one beside Sluice, under the
 * tsconfig.json of the project if it has one. `calls`: assertions about where the pipeline calls them. Errors become findings; without a compiler a notice states that the types
 * were not checked.
 */
export async function checkTypes(
  { paths, calls }: Pick<TypedCalls, 'paths'> & { readonly calls: CallAssertions | undefined },
  folder: string,
): Promise<readonly Finding[]> {
  const files = [...paths.values()].map((path) => resolve(path)).filter((path) => /\.m?ts$/.test(path));
  const [first] = files;
  if (first === undefined) return [];
  const compiler = compilerFor(folder);
  if (compiler === undefined) return [unchecked(first, 'no TypeScript compiler', 'npm install --save-dev typescript')];
  const home = await mkdtemp(join(tmpdir(), 'sluice-types-'));
  try {
    const config = join(home, 'tsconfig.json');
    const assertions = join(home, 'calls.mts');
    if (calls !== undefined) await writeFile(assertions, calls.text);
    const all = calls === undefined ? files : [...files, assertions];
    await writeFile(config, JSON.stringify(configFor(all, folder)));
    const output = await run(await binOf(compiler), config, folder);
    if (output === undefined) return [unchecked(first, `no answer of ${compiler} in ${LIMIT_MS / 1000} s`, '')];
    const messages = messagesIn(output, folder);
    // After an error in its options the compiler checks no file.
    const [options] = messages.filter(({ path }) => path === config).map(foundIn);
    const flaw = options ?? /^error TS\d+: .*$/m.exec(output)?.[0];
    if (flaw !== undefined) return [unchecked(first, flaw, 'a tsconfig.json that tsc takes')];
    return messages.flatMap((message) => {
      const found = message.path === assertions ? calls?.finding(message) : typeError(message);
      return found === undefined ? [] : [found];
    });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** The folder of the compiler's package. */
function compilerFor(folder: string): string | undefined {
  const found = [folder, packageFolder()].map((from) => resolved(from, 'typescript/package.json')).find(Boolean);
  return found === undefined ? undefined : dirname(found);
}

function resolved(folder: string, name: string): string | undefined {
  try {
    return createRequire(join(resolve(folder), 'package.json')).resolve(name);
  } catch {
    return undefined;
  }
}

async function binOf(compiler: string): Promise<string> {
  const description = asMap(JSON.parse(await readFile(join(compiler, 'package.json'), 'utf8')));
  const bin = asMap(description['bin'])['tsc'];
  return join(compiler, typeof bin === 'string' ? bin : 'bin/tsc');
}

function configFor(files: readonly string[], folder: string): object {
  const own = join(resolve(folder), 'tsconfig.json');
  const isOwn = existsSync(own);
  const nodeTypes = [folder, packageFolder()].map((from) => resolved(from, '@types/node/package.json')).find(Boolean);
  // A project with Sluice installed resolves its types itself; every other one gets those of the running runtime.
  const door = resolved(folder, 'sluice') === undefined ? publicDoor('types') : undefined;
  return {
    ...(isOwn && { extends: own }),
    compilerOptions: {
      ...(!isOwn && OPTIONS),
      ...(!isOwn && { lib: nodeTypes === undefined ? ['es2024', 'dom'] : ['es2024'] }),
      typeRoots: [
        join(resolve(folder), 'node_modules', '@types'),
        ...(nodeTypes === undefined ? [] : [dirname(dirname(nodeTypes))]),
      ],
      ...(!isOwn && nodeTypes !== undefined && { types: ['node'] }),
      ...(door !== undefined && { paths: { sluice: [door] } }),
      noEmit: true,
      rootDir: '/',
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      incremental: false,
      composite: false,
    },
    files,
    include: [],
  };
}

/** The output of the compiler; undefined where it did not end in time or could not be started. */
function run(bin: string, config: string, cwd: string): Promise<string | undefined> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [bin, '-p', config, '--pretty', 'false'], {
      cwd,
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    child.once('error', () => done(undefined));
    child.once('close', (code) => done(code === null ? undefined : output));
  });
}

function typeError(message: CompilerMessage): Finding | undefined {
  const { path, line, column, code } = message;
  if (SURROUNDINGS.has(code) || path.includes('node_modules')) return undefined;
  return {
    severity: 'error',
    code: 'FUNCTION_TYPES',
    file: path,
    line,
    column,
    path: '',
    expected: 'a file whose types fit',
    found: foundIn(message),
    write: '',
  };
}

function foundIn({ text, code }: CompilerMessage): string {
  return `${text.replaceAll(/\s*\n\s*/g, ' ')} (${code})`;
}

function unchecked(file: string, found: string, write: string): Finding {
  const expected = 'functions whose types are checked';
  return {
    severity: 'notice',
    code: 'FUNCTION_TYPES_UNCHECKED',
    file,
    line: 1,
    column: 1,
    path: '',
    expected,
    found,
    write,
  };
}
