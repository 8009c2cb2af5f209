import { readFileSync } from 'node:fs';
import type { PipelineDocument } from '../../runtime/project/read/resolve-pipeline.ts';
import type { Bridge, Case, Where } from './bridge.ts';
import { KEYS, report } from './work.ts';

/** What one run measured; the parent prints it. */
export interface Measured {
  readonly messagesPerSecond: number;
  readonly cpuUsPerMessage: number;
  /** The most that was resident at any time. */
  readonly peakRssMb: number;
}

/** What a worker is told. */
export interface Task {
  readonly kind: Case;
  readonly maker: 'hand' | 'sluice';
  readonly name: string;
  /** Of the source. */
  readonly tag: string;
  readonly count: number;
  /** `prepare`: start and stop, so that what the bridge subscribes to is there. */
  readonly phase: 'prepare' | 'run';
  readonly where: Where;
  readonly window: number | undefined;
  /** Of Sluice's. */
  readonly document: PipelineDocument | undefined;
}

/** Slower than any bus here. */
const LEAST_PER_SECOND = 1000;

const { kind, maker, name, tag, count, phase, where, window, document } = JSON.parse(
  process.env['BENCH_TASK'] ?? '',
) as Task;
const delivered = { count: 0 };
const bridge = await loadBridge();

if (phase === 'run' && kind.name === 'memory-memory') await fillMemory();
const stop = await bridge({ where, name, tag, window, delivered });
process.send?.('started');
if (phase === 'run') process.send?.(await measure());
await stop();
process.disconnect();

// What the other maker needs is never loaded.
async function loadBridge(): Promise<Bridge> {
  if (document === undefined) return (await import('./hand-written-bridge.ts')).handWrittenBridge(kind);
  return (await import('./sluice-bridge.ts')).sluiceBridge(document);
}

async function measure(): Promise<Measured> {
  await until(() => delivered.count > 0);
  const [startMs, cpu, first] = [performance.now(), process.cpuUsage(), delivered.count];
  await until(() => delivered.count >= count);
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const messages = delivered.count - first;
  return {
    messagesPerSecond: messages / seconds,
    cpuUsPerMessage: (user + system) / messages,
    peakRssMb: peakRssKb() / 1024,
  };
}

function peakRssKb(): number {
  // `maxRSS` counts what the process was before it became this program: the parent, which has just made a million messages.
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS;
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}

async function until(isTrue: () => boolean): Promise<void> {
  const endsAt = Date.now() + 60_000 + (count / LEAST_PER_SECOND) * 1000;
  while (!isTrue()) {
    if (Date.now() > endsAt) throw new Error(`${kind.name} ${maker}: ${delivered.count} of ${count} in time`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

// The group that each bridge reads as must exist before it is filled.
async function fillMemory(): Promise<void> {
  const { memoryHub } = await import('../../runtime/buses/memory/hub.ts');
  const { frameForTest } = await import('../harness/test-frame.ts');
  memoryHub('in').subscribe(maker === 'hand' ? name : `${name}/r`, ['#']);
  for (let number = 0; number < count; number += 1) {
    await memoryHub('in').publish(frameForTest(`in/${number % KEYS}`, report(number)));
  }
}
