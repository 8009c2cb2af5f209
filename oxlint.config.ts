import { defineConfig } from 'oxlint';

// The layers (runtime/README.md): a part under runtime/ imports its own files, #contract, #kit and packages; the root
// puts parts together; each foreign client has one home. test/check/lint.test.ts proves that each gate bites.
const UP = {
  regex: String.raw`(^|/)\.\.(/|$)`,
  message:
    'A part imports its own files, #contract, #kit and packages. The files in runtime/, cli/ and demo/ put parts together.',
};
const FAR = { regex: String.raw`(^|/)\.\./\.\.(/|$)`, message: 'Nothing in runtime/ imports from outside of it.' };
const DOOR = { regex: '^sluice$', message: 'The public door is for integrators. Inside the runtime import #contract.' };
const OTEL = { regex: '^@opentelemetry/', message: 'OpenTelemetry is imported in runtime/telemetry only.' };
const AJV = { regex: '^ajv(-formats)?(/|$)', message: 'ajv is imported in runtime/config, stages and cli only.' };
const MQTT = { regex: '^mqtt(-packet)?(/|$)', message: 'The MQTT client is imported in runtime/buses/mqtt only.' };
const NATS = { regex: '^@nats-io/', message: 'The NATS clients are imported in runtime/buses/nats only.' };
const KAFKA = {
  regex: '^(kafkajs|snappyjs|lz4js)(/|$)',
  message: 'The Kafka client and its codecs are imported in runtime/buses/kafka only.',
};
const AMQP = { regex: '^amqplib(/|$)', message: 'The AMQP client is imported in runtime/buses/rabbitmq only.' };
const AEDES = { regex: '^aedes(/|$)', message: 'The embedded broker is imported in runtime/demo only.' };

const EVERY = [UP, FAR, DOOR, OTEL, AJV, MQTT, NATS, KAFKA, AMQP, AEDES];

/** In a file that several of these match, the last one holds. */
function gate(files: string[], ...open: { regex: string; message: string }[]) {
  const patterns = EVERY.filter((restriction) => !open.includes(restriction));
  return { files, rules: { 'no-restricted-imports': ['error' as const, { patterns }] } };
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
    gate(['runtime/**']),
    gate(['runtime/telemetry/**'], OTEL),
    gate(['runtime/config/**', 'runtime/stages/**'], AJV),
    gate(['runtime/buses/mqtt/**'], MQTT),
    gate(['runtime/buses/nats/**'], NATS),
    gate(['runtime/buses/kafka/**'], KAFKA),
    gate(['runtime/buses/rabbitmq/**'], AMQP),
    // runtime/*.ts put parts together by `./part/x.ts`, for which no gate stands open or shut.
    gate(['runtime/cli/**'], UP, AJV),
    gate(['runtime/demo/**'], UP, MQTT, NATS, AEDES),
    {
      files: ['runtime/contract/**', 'runtime/kit/**'],
      rules: {
        'no-restricted-imports': [
          'error',
          { patterns: [{ regex: String.raw`^[^.]|(^|/)\.\.(/|$)`, message: 'Imports nothing but its own files.' }] },
        ],
      },
    },
    {
      files: ['functions/**'],
      rules: {
        'import/no-default-export': 'off',
        'no-restricted-imports': [
          'error',
          {
            patterns: [
              {
                regex: String.raw`(^|/)\.\.(/|$)|^#|^sluice/`,
                message: 'A function sees the public door `sluice`, its neighbours and packages.',
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
    { files: ['runtime/config/**'], rules: { 'unicorn/no-thenable': 'off' } },
    {
      // Node takes a reporter by its default export.
      files: ['oxlint.config.ts', 'build.mjs', 'test/runner/event-reporter.ts'],
      rules: { 'import/no-default-export': 'off' },
    },
  ],
});
