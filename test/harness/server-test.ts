import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { basename } from 'node:path';
import { test, type TestContext } from 'node:test';
import { FileEnd } from './file-end.ts';
import { patient } from './patience.ts';
import { provide, type Tool } from './provide.ts';
import { testScope, whenTestEnds } from './test-scope.ts';

/**
 * What a test cannot be judged without. `nats`, `kafka` and `rabbitmq` are content with a place on the run's server
 * (shared.ts), `nats` and `mosquitto` with a server that an environment variable names; the needs that end in `-process`
 * are for a server of the test's own, to configure, kill or pause it.
 */
export type Need = keyof typeof TOOLS_OF;

/** Names the server to use instead of one of our own. */
export const SERVER_VARIABLES = { nats: 'SLUICE_NATS_URL', mosquitto: 'SLUICE_MQTT_URL' } as const;

/** By what each need is met. */
export const TOOLS_OF = {
  nats: ['nats-server'],
  'nats-process': ['nats-server'],
  mosquitto: ['mosquitto'],
  'mosquitto-process': ['mosquitto'],
  kafka: ['java', 'kafka'],
  'kafka-process': ['java', 'kafka'],
  rabbitmq: ['rabbitmq-server', 'epmd'],
  'rabbitmq-process': ['rabbitmq-server', 'epmd'],
  openssl: ['openssl'],
  /** The address ::1. */
  ipv6: [],
  /** A disk that can lose its power, see recorded-disk.ts. */
  'recorded-disk': ['cc'],
  /** Kafka's own Java clients. */
  'kafka-java': ['javac', 'kafka'],
  zsh: ['zsh'],
  fish: ['fish'],
  /** The oldest Node that Sluice runs on. */
  'node-22': ['node-22'],
  jaeger: ['jaeger'],
  prometheus: ['prometheus'],
  /** Headless, driven by playwright-core. */
  chromium: ['chromium'],
} as const satisfies Record<string, readonly Tool[]>;

async function missing(need: Need): Promise<string | undefined> {
  const kind = need.startsWith('nats') ? 'nats' : need.startsWith('mosquitto') ? 'mosquitto' : undefined;
  const variable = kind === undefined ? undefined : SERVER_VARIABLES[kind];
  if (variable !== undefined && process.env[variable] !== undefined) {
    return need.endsWith('-process') ? `needs a server of its own: unset ${variable}` : undefined;
  }
  if (need === 'ipv6') return hasIpv6() ? undefined : 'needs IPv6: no interface of this machine has the address ::1';
  const provisions = await Promise.all(TOOLS_OF[need].map(provide));
  return provisions.find((provision) => !provision.found)?.reason;
}

const hasIpv6 = (): boolean =>
  Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));

/** How a test is declared beyond its sentence. */
export interface ServerTestOptions {
  readonly needs: readonly Need[];
  /** Default 180,000; with Jaeger among the needs by BUILD_MS more. */
  readonly timeoutMs?: number;
}

const TEST_MS = 180_000;
/** In milliseconds. On a machine that has no Jaeger yet its first test waits for the build. */
const BUILD_MS = 900_000;

/** In milliseconds. */
const GRACE_MS = 30_000;
const fileEnd = new FileEnd(patient(GRACE_MS));

/**
 * A test that needs servers: skipped with the reason where one is missing, and failed instead of skipped with
 * SLUICE_BROKERS=require.
 */
export function serverTest(
  sentence: string,
  options: ServerTestOptions,
  body: (t: TestContext) => Promise<void>,
): void {
  const file = basename(process.argv[1] ?? '');
  if (options.needs.length > 0 && !/\.(server|long)\./.test(file) && file.endsWith('.test.ts')) {
    throw new Error(
      `${file}: a test that needs ${options.needs.join(', ')} belongs into a file named *.server.test.ts`,
    );
  }
  fileEnd.declared();
  const ownMs = options.timeoutMs ?? TEST_MS;
  const within = { timeout: patient(options.needs.includes('jaeger') ? ownMs + BUILD_MS : ownMs) };
  void test(sentence, within, (t) =>
    testScope(t.signal, async () => {
      let hasPassed = false;
      whenTestEnds(() => fileEnd.ended(!hasPassed));
      await provided(t, options, body);
      hasPassed = true;
    }),
  );
}

async function provided(
  t: TestContext,
  { needs }: ServerTestOptions,
  body: (t: TestContext) => Promise<void>,
): Promise<void> {
  const reasons = (await Promise.all(needs.map(missing))).filter((reason) => reason !== undefined);
  if (reasons.length === 0) return body(t);
  const reason = reasons.join('; ');
  if (process.env['SLUICE_BROKERS'] === 'require') assert.fail(`SLUICE_BROKERS=require, but: ${reason}`);
  t.skip(reason);
}
