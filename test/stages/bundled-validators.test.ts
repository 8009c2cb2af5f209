import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';
import fc from 'fast-check';
import { virtualModules } from '../../runtime/cli/bundle-entry.ts';
import { NODE_BUNDLE } from '../../runtime/project/functions/bundle-functions.ts';
import { SCHEMA_PARTS, schemaModuleCompiler } from '../../runtime/project/schemas/compile-schemas.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { near, randomDocument } from '../project/evolution/random-documents.ts';
import { Random } from '../project/evolution/random.ts';
import { randomSchema, type Schema } from '../project/evolution/random-schemas.ts';
import { judgeOf } from '../project/evolution/versions.ts';

const STAGES = resolve(import.meta.dirname, '../../runtime/project/schemas');
const SCHEMAS = Number(process.env['SLUICE_SCHEMA_PAIRS'] ?? 30);
const DOCUMENTS = 80;

/** Prints what each validator says of each document: null where it throws. */
const ENTRY = `
import { readFileSync } from 'node:fs';
import { validators } from 'sluice:validators';
const judge = (validator, document) => { try { return validator(document); } catch { return null; } };
const documents = JSON.parse(readFileSync(process.argv[2], 'utf8'));
process.stdout.write(JSON.stringify(validators.map((one, index) => documents[index].map((document) => judge(one, document)))));
`;

interface Case {
  readonly schema: Schema;
  readonly source: string;
  readonly documents: readonly unknown[];
  readonly answers: readonly (boolean | null)[];
}

function caseOf(seed: number): Case | undefined {
  const random = new Random(seed);
  const schema = randomSchema(random, { isSeventh: random.chance(0.3) });
  try {
    const judge = judgeOf(schema);
    const source = schemaModuleCompiler([{ name: 's', schema }]).compile('s');
    let last: unknown = {};
    const documents = Array.from({ length: DOCUMENTS }, () => {
      const document = random.chance(0.5) ? near(random, last) : randomDocument(random);
      if (judge(document) === true) last = document;
      return document;
    });
    return { schema, source, documents, answers: documents.map((document) => judge(document) ?? null) };
  } catch {
    // The compiler refuses it.
    return undefined;
  }
}

test('the validators of a bundle say of every body what those of a running project say, without code made at run time', async () => {
  const cases = fc.sample(fc.integer(), SCHEMAS).flatMap((seed) => caseOf(seed) ?? []);
  assert.ok(cases.length > SCHEMAS / 4, String(cases.length));
  const modules = new Map([
    [
      'sluice:validators',
      {
        contents: `${cases.map((_, index) => `import v${index} from 'sluice:validator/${index}';`).join('\n')}
export const validators = [${cases.map((_, index) => `v${index}`).join()}];`,
        resolveDir: STAGES,
      },
    ],
    ...cases.map(
      ({ source }, index) => [`sluice:validator/${index}`, { contents: source, resolveDir: STAGES }] as const,
    ),
    ...[...SCHEMA_PARTS].map(
      ([name, file]) => [name, { contents: `export * from './${file}';`, resolveDir: STAGES }] as const,
    ),
  ]);
  const { outputFiles } = await build({
    ...NODE_BUNDLE,
    stdin: { contents: ENTRY, resolveDir: STAGES },
    write: false,
    plugins: [virtualModules(modules)],
  });
  using folder = temporaryFolder('bundled-validators');
  const [program, input] = [join(folder.path, 'program.mjs'), join(folder.path, 'documents.json')];
  writeFileSync(program, outputFiles[0]?.contents ?? '');
  writeFileSync(input, JSON.stringify(cases.map(({ documents }) => documents)));
  const said = execFileSync(process.execPath, ['--disallow-code-generation-from-strings', program, input]).toString();
  const found = JSON.parse(said) as readonly (readonly (boolean | null)[])[];
  for (const [index, { schema, documents, answers }] of cases.entries())
    for (const [at, answer] of answers.entries())
      assert.equal(found[index]?.[at], answer, `${JSON.stringify(documents[at])} ${JSON.stringify(schema)}`);
});
