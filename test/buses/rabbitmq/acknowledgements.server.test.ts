import assert from 'node:assert/strict';
import { ACCEPT } from '#contract/delivery.ts';
import { FRAMES, frameCutter } from '../../harness/frames.ts';
import { startLink } from '../../harness/link.ts';
import { serverTest } from '../../harness/server-test.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { bodies, DEADLINE_MS, NEEDS, oneHome, queuesAt, source, take } from './ends.ts';

const home = oneHome();
const queueWith = queuesAt(home);

/** Class and method of `basic.ack`, behind kind, channel and length of a frame. */
const BASIC_ACK = Buffer.from([0, 60, 0, 80]);
const MESSAGES = 250;

serverTest('all that is settled in one turn is acknowledged by one frame', { needs: NEEDS }, async () => {
  const { port, vhost } = await home();
  await queueWith('acknowledged', bodies(MESSAGES));
  const tags: bigint[] = [];
  const watch = () => {
    const cut = frameCutter(FRAMES['amqp:'] ?? assert.fail('no frames'));
    let isGreeted = false;
    return {
      up(bytes: Buffer) {
        // The greeting is no frame.
        const frames = isGreeted ? bytes : bytes.subarray(8);
        isGreeted = true;
        for (const { frame } of cut(frames)) {
          if (frame.subarray(7, 11).equals(BASIC_ACK)) tags.push(frame.readBigUInt64BE(11));
        }
      },
      down() {},
    };
  };
  await using link = await startLink(port, '127.0.0.1', { watch });
  const reader = await source(`amqp://127.0.0.1:${link.port}/${vhost}`, { queue: 'acknowledged' });
  const taken = await take(reader.end, MESSAGES);
  for (const delivery of taken) delivery.settle(ACCEPT);
  await waitFor(() => tags.includes(BigInt(MESSAGES)), DEADLINE_MS, 'the acknowledgement of the last message');
  assert.deepEqual(tags, [BigInt(MESSAGES)]);
});
