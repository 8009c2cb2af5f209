import type { MqttClient } from 'mqtt';
import { publishStored, type StreamMessage } from '../harness/publish-stored.ts';
import { waitFor } from '../harness/wait-for.ts';
import { reportOf } from './backlog.ts';
import type { Mark } from './judge.ts';
import type { TestStream } from '../harness/test-stream.ts';

const PUBLISH_MS = 60_000;
const UNCONFIRMED = 1000;

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
  const all = [...marks];
  await publishStored(reports.connection, all.length, (at) => messageOf(all, at));
  await waitFor(async () => (await reports.count()) === before + all.length, PUBLISH_MS, 'the backlog to be stored');
}

function messageOf(marks: readonly Mark[], at: number): StreamMessage {
  const mark = marks[at];
  if (mark === undefined) throw new RangeError(`no mark ${at}`);
  return { subject: `fleet.${mark.key}.position`, body: reportOf(mark) };
}
