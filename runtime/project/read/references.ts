import type { FindingList } from '../check/finding-list.ts';
import type { StageKind } from '#contract/stage-kind.ts';
import { isMap } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';

/** Reads the file of a `file:` reference. The path is as written; the caller decides its base folder. Throws where it cannot. */
export type ReadFile = (path: string) => string;
type Environment = Readonly<Record<string, string | undefined>>;

/** The sources of references, and the severity of a missing one. */
export interface ReferenceSources {
  readonly environment: Environment;
  readonly readFile: ReadFile;
  /** The name in findings of the base folder of relative paths. Default: the project's folder. */
  readonly home?: string;
  /** `run`: a missing value is an error. `check`: it is a warning, and the value is not checked. */
  readonly mode: 'check' | 'run';
}

type Reference =
  | { readonly kind: 'env'; readonly name: string; readonly fallback: string | undefined }
  | { readonly kind: 'file'; readonly path: string };

/** A reference and its result. `text` never leaves the spec: findings show `written`. */
export interface Resolved {
  /** The text in findings: `env:NAME`, without the value and without its default. */
  readonly written: string;
  /** Undefined where it could not be resolved. */
  readonly text: string | undefined;
  /** Path of the file that holds it, as written. */
  readonly file?: string;
  /** The reason why a file yields no text. */
  readonly flaw?: string;
}

const ENV = /^env:([A-Za-z_][A-Za-z0-9_]*)(?:\|(.*))?$/s;
// These names decide which parts are built, before an environment is known.
const NAMES =
  /^\/name$|^\/labels(\/policy)?$|^\/buses\/[^/]+\/bus$|^\/routes\/\d+\/(name|class|deadLetter)$|^\/routes\/\d+\/(from|to(?:\/\d+)?|deadLetter)\/(bus|codec|codec\/[^/]+)$/;
const STAGE_KEY = /^\/routes\/\d+\/stages\/\d+\/([^/]+)/;

function isReference(text: string): boolean {
  return text.startsWith('env:') || text.startsWith('file:');
}

// A default may be a secret as well.
function beforeDefault(text: string): string {
  return text.split('|', 1)[0] ?? '';
}

function parse(text: string): Reference | undefined {
  if (text.startsWith('file:')) return text === 'file:' ? undefined : { kind: 'file', path: text.slice(5) };
  const match = ENV.exec(text);
  return match?.[1] === undefined ? undefined : { kind: 'env', name: match[1], fallback: match[2] };
}

/** Every text of the data with its pointer. */
function* texts(value: unknown, pointer: string): Generator<readonly [pointer: string, text: string]> {
  if (typeof value === 'string') yield [pointer, value];
  else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* texts(item, pointerTo(pointer, index));
  } else if (isMap(value)) {
    for (const [key, item] of Object.entries(value)) yield* texts(item, pointerTo(pointer, key));
  }
}

/** The variables and files that a pipeline needs, for the manifest. Names only, never contents. */
export interface Surroundings {
  readonly environment: readonly { readonly name: string; readonly required: boolean }[];
  readonly files: readonly string[];
}

/** Lists the environment variables and files that the document names, each once, in the order of the file. */
export function surroundingsOf(document: unknown): Surroundings {
  const environment = new Map<string, boolean>();
  const files = new Set<string>();
  for (const [, text] of texts(document, '')) {
    const reference = isReference(text) ? parse(text) : undefined;
    if (reference?.kind === 'file') files.add(reference.path);
    if (reference?.kind === 'env') {
      const byDefault = reference.fallback === undefined ? undefined : parse(reference.fallback);
      if (byDefault?.kind === 'file') files.add(byDefault.path);
      const required = environment.get(reference.name) ?? false;
      environment.set(reference.name, required || reference.fallback === undefined);
    }
  }
  return {
    environment: [...environment].map(([name, required]) => ({ name, required })),
    files: [...files],
  };
}

/** Pointers of all references in the document. */
export function referencePointers(document: unknown): readonly string[] {
  return [...texts(document, '')].filter(([, text]) => isReference(text)).map(([pointer]) => pointer);
}

/** Looks up every reference. An unresolved one is claimed, so that no later check reports it again. */
export function resolveReferences(
  document: unknown,
  stages: ReadonlyMap<string, StageKind>,
  sources: ReferenceSources,
  findings: FindingList,
): ReadonlyMap<string, Resolved> {
  const resolved = new Map<string, Resolved>();
  for (const [pointer, text] of texts(document, '')) {
    if (!isReference(text)) continue;
    const key = STAGE_KEY.exec(pointer)?.[1] ?? '';
    if (NAMES.test(pointer) || holdsNames(key, stages)) {
      findings.add({
        code: 'REFERENCE_REFUSED',
        at: pointer,
        expected: 'a name',
        found: beforeDefault(text),
        write: 'the name itself',
      });
      continue;
    }
    const reference = parse(text);
    if (reference === undefined) {
      const expected = 'env:NAME, env:NAME|default or file:PATH as the whole value';
      findings.add({
        code: 'REFERENCE_SYNTAX',
        at: pointer,
        expected,
        found: beforeDefault(text),
        write: 'env:NAME with letters, digits and _',
      });
      continue;
    }
    const found = resolve(reference, sources);
    resolved.set(pointer, found);
    if (found.text === undefined) reportMissing(reference, found, pointer, sources, findings);
  }
  return resolved;
}

/** Whether a key of a stage holds names of files. */
function holdsNames(key: string, stages: ReadonlyMap<string, StageKind>): boolean {
  if (stages.get(key)?.names !== undefined) return true;
  return [...stages.values()].some(({ namesIn }) => namesIn?.includes(key));
}

function resolve(reference: Reference, sources: ReferenceSources): Resolved {
  if (reference.kind === 'file') return inFile(reference.path, `file:${reference.path}`, sources);
  const { name, fallback } = reference;
  const set = sources.environment[name];
  // An empty variable counts as not set: shells and container platforms write "none" so.
  const isSet = set !== undefined && set !== '';
  const written = isSet || fallback === undefined ? `env:${name}` : `the default of env:${name}`;
  const content = isSet ? set : fallback;
  const named = content === undefined ? undefined : parse(content);
  // For a file that a variable names only the variable is shown: its value may be a secret.
  return named?.kind === 'file' ? inFile(named.path, written, sources) : { written, text: content };
}

function inFile(path: string, written: string, { readFile }: Pick<ReferenceSources, 'readFile'>): Resolved {
  return { written, file: path, ...readSecret(path, readFile) };
}

/** The content of a file as a value; `flaw` is the reason why there is none. */
export function readSecret(path: string, readFile: ReadFile): { readonly text: string | undefined; flaw?: string } {
  try {
    // Editors and `echo` end a file with a line break that is no part of a secret.
    const text = readFile(path).replace(/\r?\n$/, '');
    // An empty file counts as missing, as an empty variable does: a file that is being replaced is empty at first.
    return text === '' ? { text: undefined, flaw: 'is empty' } : { text };
  } catch {
    return { text: undefined, flaw: 'cannot be read' };
  }
}

function reportMissing(
  reference: Reference,
  { written, flaw }: Resolved,
  at: string,
  { mode, home = "the project's folder" }: ReferenceSources,
  findings: FindingList,
): void {
  findings.claim(at);
  const severity = mode === 'run' ? 'error' : 'warning';
  if (reference.kind === 'env' && flaw === undefined) {
    findings.add({
      code: 'ENV_MISSING',
      at,
      severity,
      expected: `${reference.name} in the environment`,
      found: `env:${reference.name}, and it is not set`,
      write: `${reference.name}=... before the command, or a default: env:${reference.name}|default`,
    });
  } else {
    findings.add({
      code: 'FILE_UNREADABLE',
      at,
      severity,
      expected: 'a readable file that is not empty',
      found:
        reference.kind === 'file' ? `${written}, and it ${flaw}` : `${written}, and the file that it names ${flaw}`,
      write: `a path from ${home} or an absolute one, readable by this user`,
    });
  }
}
