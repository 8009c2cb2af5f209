import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** What a container of an image would start. Paths are within the root. */
export interface ImageRoot {
  readonly user: number;
  readonly workdir: string;
  readonly command: readonly string[];
  readonly health: readonly string[];
  readonly labels: string;
}

/** One instruction: continued lines are one, comments are none. */
function instructions(dockerfile: string): readonly (readonly [word: string, rest: string])[] {
  const lines = dockerfile.replaceAll('\\\n', ' ').split('\n');
  return lines
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const [word = '', ...rest] = line.trim().split(/\s+/);
      return [word, rest.join(' ')] as const;
    });
}

/** Carries out the steps of a Dockerfile of `sluice build` in a folder, as a builder would. Needs root. Unknown instructions throw. */
export function buildRoot(root: string, dockerfile: string, context: string): ImageRoot {
  let [user, workdir, health, labels] = [0, '/', [] as readonly string[], ''];
  const words = new Map<string, readonly string[]>();
  for (const [word, rest] of instructions(dockerfile)) {
    if (word === 'FROM') asBase(root);
    else if (word === 'LABEL') labels = rest;
    else if (word === 'WORKDIR') {
      workdir = rest;
      mkdirSync(join(root, rest), { recursive: true });
    } else if (word === 'COPY') copy(root, rest, context);
    else if (word === 'USER') user = Number(rest.split(':')[0]);
    else if (word === 'HEALTHCHECK') health = JSON.parse(rest.slice(rest.indexOf('['))) as string[];
    else if (word === 'ENTRYPOINT' || word === 'CMD') words.set(word, JSON.parse(rest) as string[]);
    else if (word !== 'VOLUME' && word !== 'STOPSIGNAL') throw new Error(`${word} is not carried out here`);
  }
  const command = [...(words.get('ENTRYPOINT') ?? []), ...(words.get('CMD') ?? [])];
  return { user, workdir, command, health, labels };
}

/** Node with its libraries, a home of the user, an empty /tmp: what the base has of these. */
function asBase(root: string): void {
  chmodSync(root, 0o755);
  const node = realpathSync(process.execPath);
  const linked = spawnSync('ldd', [node], { encoding: 'utf8' }).stdout;
  const libraries = [...linked.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
  for (const library of libraries) {
    mkdirSync(join(root, dirname(library)), { recursive: true });
    copyFileSync(realpathSync(library), join(root, library));
  }
  mkdirSync(join(root, 'nodejs/bin'), { recursive: true });
  copyFileSync(node, join(root, 'nodejs/bin/node'));
  chmodSync(join(root, 'nodejs/bin/node'), 0o755);
  mkdirSync(join(root, 'home/nonroot'), { recursive: true });
  chownSync(join(root, 'home/nonroot'), 65_532, 65_532);
  mkdirSync(join(root, 'tmp'));
  chmodSync(join(root, 'tmp'), 0o1777);
}

function copy(root: string, rest: string, context: string): void {
  const words = rest.split(' ');
  const mode = words.find((word) => word.startsWith('--chmod='))?.slice('--chmod='.length);
  const paths = words.filter((word) => !word.startsWith('--'));
  const target = paths.pop() ?? '';
  const ignored = readFileSync(`${context}.dockerignore`, 'utf8').split('\n');
  for (const path of paths) {
    if (!ignored.includes(`!${path}`)) throw new Error(`${path} does not reach the builder`);
    const file = join(root, target, basename(path));
    copyFileSync(join(dirname(context), path), file);
    chmodSync(file, Number.parseInt(mode ?? '644', 8));
    chownSync(file, 0, 0);
  }
}

/** Whether this user can write there, by owner and mode. */
export function isWritableBy(path: string, user: number): boolean {
  const { uid, mode } = statSync(path);
  return uid === user ? (mode & 0o200) !== 0 : (mode & 0o002) !== 0;
}
