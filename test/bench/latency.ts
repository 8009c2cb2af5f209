import { type ChildProcess, fork } from 'node:child_process';
import { once as eventOf } from 'node:events';
import { join } from 'node:path';
import { busesOf, type Case } from './bridge.ts';
import type { Latencies, TrafficTask } from './latency/traffic-task.ts';
import { OPTIONS } from './options.ts';
import { pipelineDocument } from './pipeline-document.ts';
import { type Report, reportOf } from './report-text.ts';
import { type Servers, startServers } from './servers.ts';
import type { Task } from './worker.ts';
import { ended, QUIET_CLIENTS, startWorker } from './workers.ts';

const ROWS = [
  { figure: 'p50Ms', unit: 'ms p50', digits: 2 },
  { figure: 'p99Ms', unit: 'ms p99', digits: 2 },
  { figure: 'maxMs', unit: 'ms max', digits: 2 },
  { figure: 'latePublishMs', unit: 'ms published late, p99', digits: 2 },
] as const;
const TRAFFIC = join(import.meta.dirname, 'latency', 'traffic.ts');

const { rounds, rate, seconds, warmSeconds, window, makers, each } = OPTIONS;
let runs = 0;

/** From the moment when a message was due at the source to its arrival behind the bridge, at a steady rate. */
export async function compareLatency(kind: Case): Promise<Report> {
  const results: Record<Task['maker'], Latencies[]> = { hand: [], sluice: [] };
  await using servers = await startServers(kind, (warmSeconds + seconds) * rate + 1000);
  for (let round = 0; round < rounds; round += 1) {
    for (const maker of round % 2 === 0 ? makers : makers.toReversed()) {
      results[maker].push(await once(kind, maker, servers));
    }
  }
  return reportOf({
    title: `${kind.name}, ${rate} messages/s, ${seconds} s after ${warmSeconds} s, ${rounds} rounds, medians`,
    sink: busesOf(kind)?.to,
    rows: ROWS,
    by: 'added',
    results,
    each,
  });
}

async function once(kind: Case, maker: Task['maker'], servers: Servers): Promise<Latencies> {
  runs += 1;
  const name = `latency${runs}`;
  const { source, sink } = servers;
  const buses = busesOf(kind);
  if (buses === undefined || source === undefined || sink === undefined) throw new Error('no servers');
  const where = { source: source.server.url, sink: sink.server.url };
  const document = maker === 'hand' ? undefined : pipelineDocument(servers, { name, tag: name, window });
  await source.prepare('source', [name]);
  await sink.prepare('sink', [name]);
  const bridge = startWorker({ kind, maker, name, tag: name, count: 0, phase: 'serve', where, window, document });
  try {
    await answerOf(bridge);
    const traffic = startTraffic({ buses, where, tag: name, rate, warmSeconds, seconds });
    const failed = ended(bridge).then(() => Promise.reject(new Error('the bridge ended')));
    failed.catch(() => traffic.kill('SIGKILL'));
    const latencies = (await answerOf(traffic)) as Latencies;
    bridge.send('stop');
    await eventOf(bridge, 'exit');
    return latencies;
  } finally {
    bridge.kill('SIGKILL');
    await source.remove('source', name);
    await sink.remove('sink', name);
  }
}

function startTraffic(task: TrafficTask): ChildProcess {
  return fork(TRAFFIC, {
    execArgv: ['--disable-warning=ExperimentalWarning', ...QUIET_CLIENTS],
    env: { ...process.env, BENCH_TRAFFIC: JSON.stringify(task) },
  });
}

/** The first message of a process; rejects if it ends before. */
function answerOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`${child.spawnargs.at(-1)} ended with ${code}`)));
  });
}
