// `node test/bench/trace-cost.ts [--messages N] [--rounds N]`: what traces cost a message, from MQTT to JetStream (CPU of the bridge's
// process; off, not sampled, all sampled), and within the engine alone. Ends with code 1 above the bounds.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { ACCEPT, type Delivery } from '../../runtime/contract/delivery.ts';
import type { Tracer } from '../../runtime/contract/trace.ts';
import { withHops } from '../../runtime/engine/frames/hops.ts';
import { startTracing } from '../../runtime/telemetry/tracing/start.ts';
import { frameForTest } from '../harness/test-frame.ts';
import type { Measured } from './measure.ts';
import { pipelineDocument } from './pipeline-document.ts';
import { type Servers, startServers } from './servers.ts';
import { report } from './work.ts';
import { ended, startWorker } from './workers.ts';

/** At most so many microseconds more a message that has no span, and so many times the plain CPU time where each has all of its own. */
const BOUNDS = { unsampledUs: 0.3, sampledRatio: 2.5 };

const WAYS = ['off', 'unsampled', 'sampled'] as const;
type Way = (typeof WAYS)[number];

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '5' },
    /** As of `npm run bench`. */
    profile: { type: 'string' },
  },
});
const count = Number(values.messages);
const rounds = Number(values.rounds);

/** A collector that takes everything. */
await using sink = await startSink();

const unsampled = measureUnsampled();
process.stdout.write(`in the engine: ${unsampled.toFixed(3)} us a message that is not sampled\n`);
const medians = await measureBridges();
const ratio = medians.sampled / medians.off;
for (const way of WAYS) process.stdout.write(`mqtt-jetstream, ${way}: ${medians[way].toFixed(2)} us CPU a message\n`);
process.stdout.write(`all sampled: ${ratio.toFixed(2)} times the plain CPU time\n`);
if (unsampled > BOUNDS.unsampledUs || ratio > BOUNDS.sampledRatio) process.exitCode = 1;

/** What the engine asks of the trace of a message with three stages that is delivered. The fastest round counts. */
function measureUnsampled(): number {
  const environment = { OTEL_TRACES_SAMPLER: 'always_off' };
  const tracing = startTracing('bench', environment, () => {}, { onTrouble() {}, onRecovered() {} });
  const tracer = tracing.tracer({
    pipeline: 'p',
    route: 'r',
    trust: 'trust',
    showsKeys: false,
    hasPlainIds: true,
    source: {
      system: 'mqtt',
      settle: { accept: 'ack', reject: 'ack' },
      coordinates: () => ({}),
      name: 'a',
      group: undefined,
      templateOf: () => 'in/+',
    },
    sinks: [{ system: 'nats', send: 'publish', name: 'b', template: 'out.{key}', spanName: 'publish out.{key}' }],
  });
  const deliveries = Array.from({ length: 2000 }, (_, number) => deliveryOf(number));
  const best = { plain: Infinity, traced: Infinity };
  for (let round = 0; round < 300; round += 1) {
    for (const way of ['plain', 'traced'] as const) {
      const startMs = performance.now();
      for (const delivery of deliveries) passed(delivery, way === 'plain' ? undefined : tracer);
      best[way] = Math.min(best[way], ((performance.now() - startMs) / deliveries.length) * 1000);
    }
  }
  void tracing.close();
  return best.traced - best.plain;
}

function deliveryOf(number: number): Delivery {
  // With a header of the publisher, as most messages have; without one, hops alone are a constant.
  const headers = new Map([['content-language', ['en']]]);
  const frame = { ...frameForTest(`in/${number % 64}`, '{}'), headers };
  return { id: `bench:${number}`, frame, attempt: 1, settle() {} };
}

function passed(delivery: Delivery, tracer: Tracer | undefined): void {
  const trace = tracer?.begin(delivery, 0);
  const end = trace?.decode('json');
  end?.();
  trace?.keyed('k');
  for (const [index, name] of ['validate a', 'function b', 'validate c'].entries()) {
    trace?.stage(name, index)?.end(undefined, 1);
  }
  trace?.waits('sink');
  const headers = withHops(delivery.frame.headers, 1, trace?.traceparent);
  trace?.send({ ...delivery.frame, headers }, 0)?.end();
  trace?.waits('state');
  if (trace === undefined) delivery.settle(ACCEPT);
  else trace.end('delivered', undefined, () => delivery.settle(ACCEPT));
}

async function measureBridges(): Promise<Record<Way, number>> {
  const kind = { name: 'mqtt-jetstream', ends: { from: 'mqtt', to: 'jetstream' } };
  const results: Record<Way, number[]> = { off: [], unsampled: [], sampled: [] };
  await using servers = await startServers(kind, count + 1000);
  for (let round = 0; round < rounds; round += 1) {
    for (const way of round % 2 === 0 ? WAYS : WAYS.toReversed()) {
      const name = `trace-${way}-${round}`;
      const { cpuUsPerMessage } = await bridged(kind, servers, name, variables(way));
      results[way].push(cpuUsPerMessage);
    }
  }
  const median = (numbers: readonly number[]): number =>
    numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
  return { off: median(results.off), unsampled: median(results.unsampled), sampled: median(results.sampled) };
}

function variables(way: Way): Readonly<Record<string, string>> {
  if (way === 'off') return {};
  const sampler = way === 'sampled' ? 'parentbased_always_on' : 'parentbased_always_off';
  return { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_TRACES_SAMPLER: sampler, OTEL_METRICS_EXPORTER: 'none' };
}

async function bridged(
  kind: Parameters<typeof startServers>[0],
  servers: Servers,
  name: string,
  environment: Readonly<Record<string, string>>,
): Promise<Measured> {
  const { source, sink: out } = servers;
  const document = pipelineDocument(servers, { name, tag: name, window: undefined, trafficClass: undefined });
  const where = { source: source?.server.url ?? '', sink: out?.server.url ?? '' };
  const task = { kind, maker: 'sluice', name, tag: name, count, where, window: undefined, document } as const;
  await out?.prepare('sink', [name]);
  await ended(startWorker({ ...task, phase: 'prepare' }));
  await source?.prepare('source', [name]);
  await source?.publish(name, reports());
  const running = startWorker({ ...task, phase: 'run' }, environment);
  let measured: Measured | undefined;
  running.on('message', (message: 'started' | Measured) => {
    if (message !== 'started') measured = message;
  });
  await ended(running);
  await out?.remove('sink', name);
  if (measured === undefined) throw new Error(`${name} ended without a result`);
  return measured;
}

function* reports() {
  for (let number = 0; number < count; number += 1) yield { key: String(number % 64), body: report(number) };
}

async function startSink(): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => request.resume().on('end', () => response.end()));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
