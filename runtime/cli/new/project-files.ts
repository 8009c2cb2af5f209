import { pipelineName } from './project-name.ts';
import { PIPELINE_SCHEMA, pipelineText } from './pipeline-text.ts';
import { ENDS, type Starter, variableOf } from './starter.ts';

/** The compiler and the types of Node in a new project. A test compares them with those of this package. */
export const COMPILER = { '@types/node': '^24.0.0', typescript: '^7.0.0' } as const;

const FUNCTION = `import type { Transform } from 'sluice';
import type { ReadingV1, TemperatureV1 } from '../schemas/types.d.ts';

const toCelsius: Transform<ReadingV1, TemperatureV1> = ({ sensor, fahrenheit, at }) => ({
  sensor,
  celsius: Math.round(((fahrenheit - 32) / 1.8) * 100) / 100,
  at,
});
export default toCelsius;
`;

/** Of the function, and of the pipeline around it: on memory buses and a virtual clock. */
function tests({ name, from }: Starter): string {
  const { address } = ENDS[from];
  const to = address === undefined ? '' : `, { address: '${address}' }`;
  return `import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { pipeline, run } from 'sluice/testing';
import toCelsius from './to-celsius.ts';

const fixture = new URL('../fixtures/readings.jsonl', import.meta.url);
const readings = readFileSync(fixture, 'utf8').trim().split('\\n').map((line) => JSON.parse(line));

test('water boils at 100', async () => {
  const boiling = { sensor: 'kettle', fahrenheit: 212, at: '2026-01-01T00:00:00Z' };
  assert.equal((await run(toCelsius, boiling)).celsius, 100);
});

test('each reading of the fixture comes to the core as a temperature, also after a crash', async (t) => {
  const p = await pipeline('${pipelineName(name)}');
  t.after(() => p.close());
  for (const reading of readings) {
    await p.source('field').send(reading${to});
    await p.crash();
    await p.restart();
  }
  await p.settled();
  const celsius = p.sink('core').received().map(({ body }) => (body as { celsius: number }).celsius);
  assert.deepEqual(celsius, [20, -20, 20.5]);
});
`;
}

const READINGS = [
  { sensor: 'gate-1', fahrenheit: 68, at: '2026-01-01T08:00:00Z' },
  { sensor: 'gate-2', fahrenheit: -4, at: '2026-01-01T08:00:01Z' },
  { sensor: 'gate-1', fahrenheit: 68.9, at: '2026-01-01T08:00:10Z' },
];

/** Every file of a new project but the generated types, by path. `spec`: what package.json says of Sluice. */
export function projectFiles(starter: Starter, spec: string): Readonly<Record<string, string>> {
  const file = `pipelines/${pipelineName(starter.name)}.yaml`;
  return {
    'package.json': json({
      name: starter.name,
      version: '0.0.0',
      private: true,
      type: 'module',
      engines: { node: '>=22.18' },
      scripts: {
        test: `sluice check ${file} && node --test`,
        start: `sluice run ${file}`,
        build: `sluice build ${file}`,
        types: 'sluice types',
      },
      devDependencies: { '@types/node': COMPILER['@types/node'], sluice: spec, typescript: COMPILER.typescript },
      // npm asks before it runs the script of a package.
      allowScripts: { esbuild: true },
    }),
    'tsconfig.json': json({
      compilerOptions: {
        target: 'es2023',
        module: 'nodenext',
        types: ['node'],
        strict: true,
        noEmit: true,
        allowImportingTsExtensions: true,
        erasableSyntaxOnly: true,
        verbatimModuleSyntax: true,
        skipLibCheck: true,
      },
      include: ['functions'],
    }),
    [file]: pipelineText(starter),
    'functions/to-celsius.ts': FUNCTION,
    'functions/to-celsius.test.ts': tests(starter),
    'schemas/reading.v1.json': schema('A reading of a sensor, as it comes from the field.', {
      fahrenheit: { type: 'number' },
    }),
    'schemas/temperature.v1.json': schema('A temperature, as the core takes it.', {
      celsius: { type: 'number', minimum: -273.15 },
    }),
    'fixtures/readings.jsonl': READINGS.map((reading) => `${JSON.stringify(reading)}\n`).join(''),
    '.vscode/settings.json': json({
      'yaml.schemas': { [`./${PIPELINE_SCHEMA}`]: ['pipelines/*.yaml', 'pipelines/*.yml'] },
    }),
    '.gitignore': 'node_modules/\ndist/\n.sluice/\n',
    'README.md': readme(starter, file),
  };
}

function schema(description: string, measured: Readonly<Record<string, object>>): string {
  const properties = {
    sensor: { type: 'string', minLength: 1 },
    ...measured,
    at: { type: 'string', format: 'date-time' },
  };
  return json({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    description,
    type: 'object',
    required: Object.keys(properties),
    properties,
  });
}

function readme({ name, from, to, class: word }: Starter, file: string): string {
  const [field, core] = [variableOf('field', from), variableOf('core', to)];
  const address = ENDS[from].address === undefined ? '' : ` --address ${ENDS[from].address}`;
  return `# ${name}

A bridge from ${from} to ${to}, of class ${word}: readings in Fahrenheit become temperatures in Celsius.

- \`npm install && npm test\` checks the pipeline, its types and its function. It needs no broker.
- \`npx sluice dev --offline\` runs it on memory buses with the messages of \`fixtures/\`, and swaps in what you save; \`npx sluice try ${file} --in fixtures/readings.jsonl${address}\` shows each stage once.
- \`npx sluice explain ${file}\` prints the promise of each route, and what each fault does.
- \`npm start\` runs it. \`${field}\` (else ${ENDS[from].fallback}) and \`${core}\` (else ${ENDS[to].fallback}) say where the servers are.
- \`npm run build\` makes \`dist/${pipelineName(name)}.mjs\`, which runs on Node alone.
- After a change in \`schemas/\`: \`npm run types\`. Editors complete \`${file}\` with the YAML extension of Red Hat.
`;
}

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
