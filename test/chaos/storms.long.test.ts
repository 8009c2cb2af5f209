import assert from 'node:assert/strict';
import { after, describe, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Report, VerdictName } from '../../runtime/verify/verdicts.ts';
import { busNamed } from '../brokers/all.ts';
import { startedOnce } from '../brokers/started.ts';
import type { Words } from '../brokers/test-bus.ts';
import { serverTest } from '../harness/server-test.ts';
import type { Bridge } from '../harness/bridge.ts';
import { dice, seedOfRun } from '../kill/random.ts';
import { type Checks, startScenario, type RunningScenario } from './scenario.ts';
import { rowsOf, tableText } from './table.ts';

const RESTARTS = 10;
const INSTANCES = ['one', 'two', 'three'] as const;
const STOP_MS = 30_000;
const TOGETHER_MS = 12_000;
const STORM_MS = 15_000;
const ROLLING_MS = 25_000;

const servers = new AsyncDisposableStack();
after(() => servers.disposeAsync());
const started = startedOnce(servers);

async function scenarioOf(source: string, sink: string, from: Words = {}): Promise<RunningScenario> {
  return startScenario({
    source: await started(busNamed(source)),
    sink: await started(busNamed(sink)),
    classes: ['event'],
    from,
  });
}

const needs = (...buses: readonly string[]) => [...new Set(buses.map((bus) => busNamed(bus).endpoints.needs.start))];

/** The one report, which must be of something. */
async function judged(t: TestContext, checks: Checks, pair: readonly [string, string]): Promise<Report> {
  const report = await checks.get('event')?.report;
  assert.ok(report !== undefined && report.sent > 1000, 'too little was sent: it proves nothing');
  const outcome = { reports: new Map([['event', report] as const]), faults: [], complaints: [], bridgeLog: '' };
  t.diagnostic(
    tableText(rowsOf(...pair, outcome))
      .split('\n')
      .at(-1) ?? '',
  );
  return report;
}

function assertFine(report: Report, bridge?: Bridge): void {
  assert.ok(report.ok, `${JSON.stringify(report.verdicts)}\n${bridge?.tail() ?? ''}`);
}

function allowing(...names: readonly VerdictName[]): { readonly allowed: ReadonlySet<VerdictName> } {
  return { allowed: new Set(names) };
}

const SOURCES: readonly (readonly [bus: string, from: Words])[] = [
  ['mqtt', {}],
  ['jetstream', {}],
  ['kafka', {}],
  ['rabbitmq', {}],
];

// Two at a time: much of it is waiting.
void describe('restarts under load', { concurrency: 2 }, () => {
  for (const [bus, from] of SOURCES) {
    serverTest(
      `a bridge from ${bus} that is told to stop ${RESTARTS} times at random moments ends well each time; nothing is lost, out of order or sent twice`,
      { needs: needs(bus, 'nats') },
      async (t) => {
        await using scenario = await scenarioOf(bus, 'nats', from);
        let bridge = scenario.start();
        await bridge.ready();
        const checks = await scenario.check({ lastsMs: STORM_MS, ...allowing() });
        const roll = diceOf(t);
        let slowestMs = 0;
        for (let restart = 0; restart < RESTARTS; restart += 1) {
          await sleep(roll(100, 1500));
          // Before that nothing has begun, and nobody listens: the signal ends the process as it ends any.
          await bridge.said('admin', 1, STOP_MS);
          const sinceMs = Date.now();
          assert.equal(await bridge.terminate(STOP_MS), 'exit code 0', bridge.tail());
          slowestMs = Math.max(slowestMs, Date.now() - sinceMs);
          bridge = scenario.start();
        }
        t.diagnostic(`the slowest end took ${slowestMs} ms`);
        assertFine(await judged(t, checks, [bus, 'nats']), bridge);
      },
    );

    serverTest(
      `a bridge from ${bus} that is killed ${RESTARTS} times at random moments loses nothing, keeps the order and stores nothing twice`,
      { needs: needs(bus, 'jetstream') },
      async (t) => {
        await using scenario = await scenarioOf(bus, 'jetstream', from);
        let bridge = scenario.start();
        await bridge.ready();
        const checks = await scenario.check({ lastsMs: STORM_MS, ...allowing() });
        const roll = diceOf(t);
        for (let restart = 0; restart < RESTARTS; restart += 1) {
          await sleep(roll(100, 1500));
          await bridge.kill();
          bridge = scenario.start();
        }
        assertFine(await judged(t, checks, [bus, 'jetstream']), bridge);
      },
    );
  }
});

/** What instances of one pipeline that run at once promise, by the bus that they read. */
const TOGETHER: readonly {
  readonly bus: string;
  readonly from: Words;
  /** What others than the first delivery, or all of it, are allowed to be. */
  readonly allowed: readonly VerdictName[];
  readonly promise: string;
}[] = [
  {
    bus: 'kafka',
    from: {},
    allowed: [],
    promise: 'nothing is lost or stored twice, and first deliveries keep the order of their key',
  },
  {
    bus: 'jetstream',
    from: {},
    // Each sets the other back: what one has under way, the other sends too, and either may be first.
    allowed: ['reordered'],
    promise: 'nothing is lost or stored twice; the order is no longer kept',
  },
  {
    bus: 'rabbitmq',
    from: { shared: true },
    allowed: ['reordered'],
    promise: 'nothing is lost or stored twice; the order is no longer kept',
  },
];

void describe('several instances of one pipeline, each with its own state folder', { concurrency: 2 }, () => {
  for (const { bus, from, allowed, promise } of TOGETHER) {
    serverTest(
      `two of them from ${bus}, one of which is killed and comes back: ${promise}`,
      { needs: needs(bus, 'jetstream') },
      async (t) => {
        await using scenario = await scenarioOf(bus, 'jetstream', from);
        const first = scenario.start('one');
        await first.ready();
        const second = scenario.start('two');
        await second.ready();
        const checks = await scenario.check({ lastsMs: TOGETHER_MS, ...allowing(...allowed) });
        await sleep(TOGETHER_MS / 3);
        await second.kill();
        await sleep(TOGETHER_MS / 6);
        await scenario.start('two').ready();
        assertFine(await judged(t, checks, [bus, 'jetstream']), first);
      },
    );

    serverTest(
      `a rolling restart of three of them from ${bus}: ${promise}`,
      { needs: needs(bus, 'jetstream') },
      async (t) => {
        await using scenario = await scenarioOf(bus, 'jetstream', from);
        const running = new Map<string, Bridge>();
        for (const name of INSTANCES) {
          const bridge = scenario.start(name);
          running.set(name, bridge);
          await bridge.ready();
        }
        const checks = await scenario.check({ lastsMs: ROLLING_MS, ...allowing(...allowed) });
        for (const name of INSTANCES) {
          await sleep(1000);
          const bridge = running.get(name);
          assert.equal(await bridge?.terminate(STOP_MS), 'exit code 0', bridge?.tail());
          const next = scenario.start(name);
          running.set(name, next);
          await next.ready();
        }
        assertFine(await judged(t, checks, [bus, 'jetstream']), running.get('one'));
      },
    );
  }
});

function diceOf(t: TestContext) {
  const seed = seedOfRun();
  t.diagnostic(`SLUICE_SEED=${seed}`);
  return dice(seed);
}
