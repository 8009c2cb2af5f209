import { busNamed } from '../brokers/all.ts';
import type { Outgoing, OwnEndpoint } from '../brokers/test-bus.ts';
import { busesOf, type Case } from './bridge.ts';
import type { Measured } from './measure.ts';
import { OPTIONS } from './options.ts';
import { pipelineDocument } from './pipeline-document.ts';
import { pourCore } from './pour-core.ts';
import { type Report, reportOf } from './report-text.ts';
import { type Servers, startServers } from './servers.ts';
import { report } from './work.ts';
import type { Task } from './worker.ts';
import { ended, startWorker } from './workers.ts';

/** Tag of a source that keeps what a bridge has read: it is filled once. */
const KEPT = 'kept';

const ROWS = [
  { figure: 'messagesPerSecond', unit: 'messages/s', digits: 0 },
  { figure: 'cpuUsPerMessage', unit: 'us CPU/message', digits: 2 },
  { figure: 'writes', unit: 'writes/1000', digits: 1 },
  { figure: 'wakeUps', unit: 'wake-ups/1000', digits: 1 },
  { figure: 'peakRssMb', unit: 'MB peak RSS', digits: 0 },
] as const;

const { count, keys, rounds, trafficClass, window, makers, each } = OPTIONS;
let runs = 0;

/** Drains as many messages by both makers, in alternation. */
export async function compareThroughput(kind: Case): Promise<Report> {
  const results: Record<Task['maker'], Measured[]> = { hand: [], sluice: [] };
  await using servers = await startServers(kind, count + 1000);
  const isKept = kind.ends !== undefined && busNamed(kind.ends.from).keepsRead;
  if (isKept) await fill(servers.source, KEPT);
  for (let round = 0; round < rounds; round += 1) {
    // Alternating, and each in a process of its own: what else the machine does meets both.
    for (const maker of round % 2 === 0 ? makers : makers.toReversed()) {
      results[maker].push(await once(kind, maker, servers, isKept));
    }
  }
  return reportOf({
    title: `${kind.name}, ${count} messages${trafficClass === undefined ? '' : ` of class ${trafficClass}`}, ${rounds} rounds, medians`,
    sink: busesOf(kind)?.to,
    rows: ROWS,
    by: 'ratio',
    results,
    each,
  });
}

async function once(kind: Case, maker: Task['maker'], servers: Servers, isKept: boolean): Promise<Measured> {
  runs += 1;
  const name = `bench${runs}`;
  const { source, sink } = servers;
  const tag = isKept ? KEPT : name;
  const where = { source: source?.server.url ?? '', sink: sink?.server.url ?? '' };
  const document = maker === 'hand' ? undefined : pipelineDocument(servers, { name, tag, window, trafficClass });
  const task = { kind, maker, name, tag, count, where, window, document };
  await sink?.prepare('sink', [name]);
  if (kind.ends !== undefined && !isKept) {
    // The reader's session must exist before it can be filled.
    if (busNamed(kind.ends.from).needsReader) await ended(startWorker({ ...task, phase: 'prepare' }));
    await fill(source, tag);
  }
  const running = startWorker({ ...task, phase: 'run' });
  let measured: Measured | undefined;
  running.on('message', (message: 'started' | Measured) => {
    if (message !== 'started') measured = message;
    else if (kind.name === 'core-core') void pourCore(where.source, name, count);
  });
  await ended(running);
  if (measured === undefined) throw new Error(`${kind.name} ${maker}: the run ended without a result`);
  const held = kind.ends === undefined ? undefined : await sink?.count(name);
  // Telemetry sends the newest message of a key that waits, and counts the older ones as superseded.
  if (held !== undefined && held < count && trafficClass !== 'telemetry')
    throw new Error(`${kind.name} ${maker}: ${held} of ${count} arrived`);
  await sink?.remove('sink', name);
  return measured;
}

async function fill(source: OwnEndpoint | undefined, tag: string): Promise<void> {
  const startMs = performance.now();
  await source?.prepare('source', [tag]);
  await source?.publish(tag, reports());
  const seconds = (performance.now() - startMs) / 1000;
  process.stderr.write(`filled the source with ${count} messages in ${seconds.toFixed(1)} s\n`);
}

function* reports(): Generator<Outgoing> {
  for (let number = 0; number < count; number += 1) {
    yield { key: String(number % keys), body: report(number) };
  }
}
