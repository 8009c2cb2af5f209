import type { MqttClient } from 'mqtt';
import { waitFor } from '../harness/wait-for.ts';
import { reportOf } from './backlog.ts';
import type { Mark } from './judge.ts';
import type { TestStream } from './test-stream.ts';

const PUBLISH_MS = 60_000;
const UNCONFIRMED = 1000;
/** A stream drops what comes much faster than it can store: nobody is told. */
const UNSTORED = 4000;

export async function publishMqtt(sender: MqttClient, marks: Iterable<Mark>): Promise<void> {
  let open: Promise<unknown>[] = [];
  for (const mark of marks) {
    open.push(sender.publishAsync(`fleet/${mark.key}/position`, reportOf(mark), { qos: 1 }));
    if (open.length < UNCONFIRMED) continue;
    await Promise.all(open);
    open = [];
  }
  await Promise.all(open);
}

export async function publishNats(reports: TestStream, marks: Iterable<Mark>): Promise<void> {
  const before = await reports.count();
  let sent = 0;
  const stored = (): Promise<unknown> =>
    waitFor(async () => (await reports.count()) === before + sent, PUBLISH_MS, 'the backlog to be stored');
  for (const mark of marks) {
    reports.connection.publish(`fleet.${mark.key}.position`, reportOf(mark));
    sent += 1;
    if (sent % UNCONFIRMED === 0) await reports.connection.flush();
    if (sent % UNSTORED === 0) await stored();
  }
  await stored();
}
