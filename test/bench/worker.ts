import { once } from 'node:events';
import type { PipelineDocument } from '../../runtime/project/read/resolve-pipeline.ts';
import type { Bridge, Case, Where } from './bridge.ts';
import { measure } from './measure.ts';
import { KEYS, report } from './work.ts';

/** What a worker is told. */
export interface Task {
  readonly kind: Case;
  readonly maker: 'hand' | 'sluice';
  readonly name: string;
  /** Of the source. */
  readonly tag: string;
  readonly count: number;
  /**
   * `prepare`: start and stop, so that what the bridge subscribes to is there. `run`: drain what waits, and measure.
   * `serve`: bridge until the parent sends a message.
   */
  readonly phase: 'prepare' | 'run' | 'serve';
  readonly where: Where;
  readonly window: number | undefined;
  /** Of Sluice's. */
  readonly document: PipelineDocument | undefined;
}

const { kind, maker, name, tag, count, phase, where, window, document } = JSON.parse(
  process.env['BENCH_TASK'] ?? '',
) as Task;
const bridge = await loadBridge();

if (phase === 'run' && kind.name === 'memory-memory') await fillMemory();
const running = await bridge({ where, name, tag, window });
process.send?.('started');
if (phase === 'run') process.send?.(await measure(() => running.delivered(), count));
if (phase === 'serve') await once(process, 'message');
await running.stop();
process.disconnect();

// What the other maker needs is never loaded.
async function loadBridge(): Promise<Bridge> {
  if (document === undefined) return (await import('./hand-written-bridge.ts')).handWrittenBridge(kind);
  return (await import('./sluice-bridge.ts')).sluiceBridge(document);
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
