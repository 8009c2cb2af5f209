import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'oxlint';

// The layers (runtime/README.md): a room of runtime/ imports its own files and rooms of the layers before its own. Each
// foreign client has one home. test/check/lint.test.ts proves for every forbidden arrow that the gate bites.
const LAYERS: readonly (readonly string[])[] = [
  ['contract', 'kit'],
  ['template', 'codecs', 'labels', 'guards', 'buses', 'store', 'telemetry'],
  ['expressions', 'admin'],
  ['stages', 'engine', 'project'],
  ['host'],
  ['rehearsal', 'verify', 'demo', 'advise'],
  ['cli'],
];

/** Packages with one home, and the folders under runtime/ that are it. */
const HOMES: readonly (readonly [packages: string, ...homes: string[]])[] = [
  ['^@opentelemetry/api$', 'telemetry', 'contract', 'stages'],
  ['^@opentelemetry/([^a]|a[^p])', 'telemetry'],
  ['^ajv(-formats)?(/|$)', 'project', 'cli'],
  ['^mqtt(-packet)?(/|$)', 'buses/mqtt/client', 'demo'],
  ['^@nats-io/', 'buses/nats/client', 'demo'],
  ['^kafkajs(/|$)', 'buses/kafka/client'],
  ['^(snappyjs|lz4js)(/|$)', 'buses/kafka/records'],
  ['^@clack/', 'cli'],
  ['^amqplib(/|$)', 'buses/rabbitmq/client'],
  ['^aedes(/|$)', 'demo'],
  ['^@marcbachmann/cel-js(/|$)', 'expressions'],
  ['^@bufbuild/protobuf(/|$)', 'codecs'],
  // Types alone: nothing of it runs.
  ['^json-schema-to-ts$', 'buses/support'],
];

/** Deep enough for every folder of runtime/: a file's own depth decides what `../` leaves. */
const DEPTHS = [1, 2, 3, 4];

interface Refusal {
  readonly regex: string;
  readonly message: string;
}

const DOOR = { regex: '^sluice$', message: 'The public door is for integrators. Inside the runtime import #contract.' };
const DETOUR = {
  regex: String.raw`^\./.*\.\.(/|$)|[^./][^/]*/\.\.(/|$)`,
  message: 'A path says `../` at its beginning alone.',
};

/** Packages whose home is elsewhere than `folder`. */
function foreign(folder: string): readonly Refusal[] {
  return HOMES.filter(([, ...homes]) => !homes.some((home) => `${folder}/`.startsWith(`${home}/`))).map(
    ([regex, ...homes]) => ({ regex, message: `Imported in runtime/{${homes.join(', ')}} only.` }),
  );
}

function gate(files: readonly string[], refusals: readonly Refusal[]) {
  return { files: [...files], rules: { 'no-restricted-imports': ['error' as const, { patterns: [...refusals] }] } };
}

/** What a file may not import that lies `depth` folders below a folder with these forbidden neighbours. */
function walls(forbidden: readonly string[], depth: number): readonly Refusal[] {
  const message =
    'A room imports its own files and rooms of the layers before its own: see LAYERS in oxlint.config.ts.';
  const up = String.raw`^(\.\./){${depth}}`;
  const names = forbidden.length === 0 ? [] : [{ regex: `${up}(${forbidden.join('|')})(/|$)`, message }];
  return [...names, { regex: `${up}([^/]*$|\\.\\.(/|$))`, message }, DETOUR];
}

/** The types of spans are in the public door. */
function alone(room: string): Refusal {
  const regex = room === 'contract' ? '^([^.@]|@[^o]|@opentelemetry/([^a]|a[^p]))' : '^[^.]';
  return { regex, message: 'Imports nothing but its own files.' };
}

/** In a file that several gates match, the last one holds. */
function roomGates() {
  return LAYERS.flatMap((layer, at) =>
    layer.flatMap((room) => {
      const forbidden = LAYERS.slice(at)
        .flat()
        .filter((name) => name !== room);
      return DEPTHS.map((depth) => {
        const files = [`runtime/${room}/${'*/'.repeat(depth - 1)}*.ts`];
        const own = at === 0 ? [alone(room)] : foreign(room);
        return gate(files, [...walls(forbidden, depth), DOOR, ...own]);
      });
    }),
  );
}

const BUSES_FOLDER = join(import.meta.dirname, 'runtime/buses');
const BUSES = existsSync(BUSES_FOLDER) ? readdirSync(BUSES_FOLDER) : [];

/** Of another bus a bus knows nothing; what several need lies in buses/support. */
function busGates() {
  return BUSES.flatMap((bus) => {
    const forbidden = bus === 'support' ? BUSES : BUSES.filter((name) => name !== 'support');
    const others = forbidden.filter((name) => name !== bus);
    const gatesOf = (path: string, isClient: boolean) =>
      DEPTHS.map((depth) => {
        const files = [`runtime/${path}/${'*/'.repeat(depth - 1)}*.ts`];
        return gate(files, [...walls(others, isClient ? depth + 1 : depth), DOOR, ...foreign(path)]);
      });
    // A client library is imported in the bus's client/ alone.
    return [...gatesOf(`buses/${bus}`, false), ...gatesOf(`buses/${bus}/client`, true)];
  });
}

/** These patterns have no look-ahead: every file but those that begin with `in`. */
const KAFKA_CLIENT = {
  regex: '(^|/)client/([^i]|i[^n])',
  message: 'Outside of client/ its index.ts alone is imported, and the types of kafka-client.ts.',
};

/** Inside the Kafka bus: kafkajs lies behind client/index.ts, and the codecs in records/. */
function kafkaGates() {
  const others = BUSES.filter((bus) => bus !== 'support' && bus !== 'kafka');
  return ['', 'client', 'records', 'sink', 'source'].map((folder) => {
    const own = `buses/kafka/${folder}`.replace(/\/$/, '');
    const client = folder === 'client' ? [] : [KAFKA_CLIENT];
    return gate([`runtime/${own}/*.ts`], [...walls(others, folder === '' ? 1 : 2), DOOR, ...client, ...foreign(own)]);
  });
}

/** The steps of a message (runtime/engine/route.ts): none of them knows another one. */
const ENGINE_STEPS = ['admit', 'process', 'send', 'settle'];

function engineGates() {
  const later = LAYERS.slice(LAYERS.findIndex((layer) => layer.includes('engine'))).flat();
  const rooms = walls(
    later.filter((name) => name !== 'engine'),
    2,
  );
  return ENGINE_STEPS.map((step) => {
    const others = ENGINE_STEPS.filter((name) => name !== step);
    const steps = {
      regex: String.raw`^\.\./((${others.join('|')})/|(order|route|unsettled)\.ts)`,
      message: 'A step of the engine knows no other one: route.ts decides what comes next.',
    };
    return gate([`runtime/engine/${step}/*.ts`], [...rooms, DOOR, steps, ...foreign('engine')]);
  });
}

export default defineConfig({
  ignorePatterns: ['dist/**', '.brokers/**'],
  plugins: ['typescript', 'import', 'unicorn', 'oxc'],
  categories: { correctness: 'error', suspicious: 'error' },
  rules: {
    'import/no-cycle': ['error', { ignoreTypes: false }],
    'import/no-default-export': 'error',
    // fast-check is written `fc.`
    'import/no-named-as-default-member': 'off',
    'max-lines': ['error', { max: 300, skipComments: true, skipBlankLines: true }],
    'no-console': 'error',
    // Addresses and headers are judged by their control characters.
    'no-control-regex': 'off',
    // The compiler knows better: it sees that a switch is exhaustive.
    'typescript/consistent-return': 'off',
    'typescript/consistent-type-imports': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': [
      'error',
      { allowForKnownSafeCalls: [{ from: 'package', package: 'node:test', name: 'test' }] },
    ],
    'typescript/no-misused-promises': 'error',
    'typescript/switch-exhaustiveness-check': 'error',
    // Threads have no origin; windows do.
    'unicorn/require-post-message-target-origin': 'off',
  },
  overrides: [
    // sluice.ts and testing.ts are doors: they lead to the contract alone, and to cli/open-rehearsal.ts, which a test of a pipeline loads.
    gate(
      ['runtime/*.ts'],
      [
        { regex: '^[.](/([^c]|c[^l]|cl[^i]|cli/[^o])|[.])', message: 'A door leads to #contract alone.' },
        DOOR,
        ...foreign('.'),
      ],
    ),
    ...roomGates(),
    ...busGates(),
    ...kafkaGates(),
    ...engineGates(),
    // Neither tools nor words write to a stream.
    { files: ['runtime/contract/**', 'runtime/kit/**'], rules: { 'no-restricted-globals': ['error', 'process'] } },
    {
      files: ['functions/**'],
      rules: {
        'import/no-default-export': 'off',
        'no-restricted-imports': [
          'error',
          {
            patterns: [
              {
                // No look-ahead: any path upwards but ../schemas/types.d.ts.
                regex: String.raw`[^.].*\.\.(/|$)|^\.\.(/([^s].*|s[^c].*|schemas/[^t].*)?)?$|^#|^sluice/`,
                message:
                  'A function sees the public door `sluice`, its neighbours, packages, and the types of the schemas.',
              },
            ],
          },
        ],
      },
    },
    // A test may look inside what a type hides, and keeps its helpers where they are read.
    {
      files: ['test/**'],
      rules: {
        'no-underscore-dangle': 'off',
        'typescript/no-unsafe-type-assertion': 'off',
        'unicorn/consistent-function-scoping': 'off',
      },
    },
    // The text of one function is all that a thread gets.
    { files: ['runtime/**/*-thread.ts'], rules: { 'unicorn/consistent-function-scoping': 'off' } },
    // `then` is a word of JSON Schema.
    { files: ['runtime/project/**'], rules: { 'unicorn/no-thenable': 'off' } },
    {
      // Node takes a reporter by its default export.
      files: ['oxlint.config.ts', 'build.mjs', 'test/runner/event-reporter.ts'],
      rules: { 'import/no-default-export': 'off' },
    },
  ],
});
