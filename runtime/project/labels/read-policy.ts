import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { messageOf } from '#contract/errors.ts';
import { pointerTo } from '#kit/pointer.ts';
import { shortened } from '#kit/shortened.ts';
import { compilePolicy } from '../../labels/compile-policy.ts';
import type { PolicyFile } from '../../labels/policy-file.ts';
import type { LabelPolicy } from '../../labels/policy.ts';
import type { Finding } from '../check/findings.ts';
import { packageFolder } from '../package-folder.ts';
import type { ProjectFolders } from '../project-files.ts';
import { parseYaml } from '../read/yaml-document.ts';

const ENDING = '.policy.json';
const MOST_SHOWN = 60;

/** A label policy of a project, or what is wrong with its file. */
export interface PolicyRead {
  readonly policy: LabelPolicy | undefined;
  /** For a bundle, which compiles it again. */
  readonly file: PolicyFile | undefined;
  readonly findings: readonly Finding[];
}

/** Names of the label policies of a project. */
export function policyNames({ schemas }: Pick<ProjectFolders, 'schemas'>): readonly string[] {
  return schemas.filter((file) => file.endsWith(ENDING)).map((file) => file.slice(0, -ENDING.length));
}

/** Reads `schemas/NAME.policy.json`. Undefined where the project has no such file. */
export function readPolicy(name: string, project: ProjectFolders): PolicyRead | undefined {
  if (!policyNames(project).includes(name)) return undefined;
  const path = join(project.folder, 'schemas', name + ENDING);
  const flaw = (at: string, expected: string, found: string): Finding => ({
    severity: 'error',
    code: 'LABEL_POLICY',
    file: path,
    ...placeOf(path, at),
    path: at,
    expected,
    found,
    write: '',
  });
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (thrown) {
    return {
      policy: undefined,
      file: undefined,
      findings: [flaw('', 'JSON', shortened(messageOf(thrown), MOST_SHOWN * 2))],
    };
  }
  const wrong = schemaFlaws(value).map(({ at, expected, found }) => flaw(at, expected, found));
  if (wrong.length > 0) return { policy: undefined, file: undefined, findings: wrong };
  // oxlint-disable-next-line no-unsafe-type-assertion -- its schema has judged it
  const file = value as PolicyFile;
  const { policy, flaws } = compilePolicy(file);
  return { policy, file, findings: flaws.map(({ pointer, expected, found }) => flaw(pointer, expected, found)) };
}

function placeOf(path: string, at: string): { readonly line: number; readonly column: number } {
  try {
    // JSON is YAML, and the YAML reader yields positions.
    return parseYaml(readFileSync(path, 'utf8')).places.of(at);
  } catch {
    return { line: 1, column: 1 };
  }
}

interface Flaw {
  readonly at: string;
  readonly expected: string;
  readonly found: string;
}

function schemaFlaws(value: unknown): readonly Flaw[] {
  const schema: unknown = JSON.parse(readFileSync(join(packageFolder(), 'schemas/label-policy.schema.json'), 'utf8'));
  const ajv = new Ajv2020({ allErrors: true, strict: false, verbose: true });
  // oxlint-disable-next-line no-unsafe-type-assertion -- a file of this package
  const judge = ajv.compile(schema as object);
  if (judge(value)) return [];
  const errors = (judge.errors ?? []).filter(({ keyword }) => keyword !== 'if');
  // A place above only repeats what is wrong beneath it.
  const deepest = errors.filter(
    ({ instancePath }) => !errors.some((other) => other.instancePath.startsWith(`${instancePath}/`)),
  );
  const byPlace = Map.groupBy(deepest, placeIn);
  return [...byPlace].flatMap(([at, [first]]) => (first === undefined ? [] : [{ at, ...wordsOf(first) }]));
}

function placeIn({ instancePath, keyword, params }: ErrorObject): string {
  return keyword === 'additionalProperties'
    ? pointerTo(instancePath, String(params['additionalProperty']))
    : instancePath;
}

function wordsOf({ keyword, params, message, data }: ErrorObject): Omit<Flaw, 'at'> {
  if (keyword === 'additionalProperties') {
    return { expected: 'a word of a label policy', found: String(params['additionalProperty']) };
  }
  return {
    expected: `a value that ${message ?? 'fits'}`,
    found: shortened(JSON.stringify(data) ?? 'nothing', MOST_SHOWN),
  };
}
