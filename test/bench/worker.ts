import type { PipelineDocument } from '../../runtime/config/resolve-pipeline.ts';
import type { Bridge, Case } from './bridge.ts';
import { coreToCore } from './hand-written/core-to-core.ts';
import { jetstreamToJetstream } from './hand-written/jetstream-to-jetstream.ts';
import { memoryToMemory } from './hand-written/memory-to-memory.ts';
import { mqttToJetstream } from './hand-written/mqtt-to-jetstream.ts';
import { sluiceBridge } from './sluice-bridge.ts';
import { memoryHub } from '../../runtime/buses/memory/hub.ts';
import { NO_HEADERS } from '../../runtime/contract/frame.ts';
import { report } from './work.ts';

/** What one run measured; the parent prints it. */
export interface Measured {
  readonly messagesPerSecond: number;
  readonly cpuUsPerMessage: number;
  readonly rssMb: number;
}

const HAND_WRITTEN: Readonly<Record<Case, Bridge>> = {
  'mqtt-jetstream': mqttToJetstream,
  'jetstream-jetstream': jetstreamToJetstream,
  'core-core': coreToCore,
  'memory-memory': memoryToMemory,
};

const [kind, maker, name, total, phase] = process.argv.slice(2) as [
  Case,
  'hand' | 'sluice',
  string,
  string,
  'prepare' | 'run',
];
const count = Number(total);
const delivered = { count: 0 };
const bridge =
  maker === 'hand'
    ? HAND_WRITTEN[kind]
    : sluiceBridge(JSON.parse(process.env['PIPELINE_DOCUMENT'] ?? '') as PipelineDocument);
const settings = { mqttUrl: process.env['MQTT_URL'] ?? '', natsUrl: process.env['NATS_URL'] ?? '', name, delivered };

if (phase === 'run' && kind === 'memory-memory') await fillMemory();
const stop = await bridge(settings);
process.send?.('started');
if (phase === 'run') process.send?.(await measure());
await stop();
process.disconnect();

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
    rssMb: process.resourceUsage().maxRSS / 1024,
  };
}

async function until(isTrue: () => boolean): Promise<void> {
  const endsAt = Date.now() + 120_000;
  while (!isTrue()) {
    if (Date.now() > endsAt) throw new Error(`${kind} ${maker}: ${delivered.count} of ${count} after two minutes`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

// The group that each bridge reads as must exist before it is filled.
async function fillMemory(): Promise<void> {
  const group = maker === 'hand' ? name : `${name}/r`;
  memoryHub('in').subscribe(group, ['#']);
  for (let number = 0; number < count; number += 1) {
    const frame = {
      address: `in/${number % 50}`,
      body: report(number),
      key: undefined,
      headers: NO_HEADERS,
      headerTypes: undefined,
      id: undefined,
    };
    await memoryHub('in').publish({ ...frame, contentType: undefined, timestampMs: undefined, expiresAtMs: undefined });
  }
}
