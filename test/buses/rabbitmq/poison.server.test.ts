import assert from 'node:assert/strict';
import { connect } from 'amqplib';
import { serverTest } from '../../harness/server-test.ts';
import { sharedRabbitMq } from '../../harness/shared.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { readLetters } from '../../host/memory-run.ts';
import { newProject } from '../../harness/project.ts';
import { startSluice } from '../../harness/sluice-process.ts';

const TOTAL = 100;

serverTest(
  'a message without a message-id that ends the process is known again by its content: after four ends it is a dead letter, and all others arrive',
  { needs: ['rabbitmq'] },
  async () => {
    const url = await (await sharedRabbitMq()).freshVhost();
    const connection = await connect(url);
    const channel = await connection.createConfirmChannel();
    for (const queue of ['poison-in', 'poison-out']) await channel.assertQueue(queue, { durable: true });
    for (let n = 0; n < TOTAL; n += 1)
      channel.sendToQueue('poison-in', Buffer.from(`{"n":${n}}`), { persistent: true });
    await channel.waitForConfirms();
    using project = newProject({
      'pipelines/p.yaml': {
        name: 'p',
        buses: { work: { bus: 'rabbitmq', url } },
        routes: [
          {
            name: 'r',
            from: { bus: 'work', queue: 'poison-in' },
            stages: [{ function: 'f' }],
            to: { bus: 'work', queue: 'poison-out' },
          },
        ],
      },
      'functions/f.ts': 'export default (body) => { if (body.n === 41) process.abort(); return body; };',
    });
    const arrived = async (): Promise<number> => (await channel.checkQueue('poison-out')).messageCount;
    let ends = 0;
    for (;;) {
      await using bridge = startSluice(['run', 'pipelines/p.yaml'], { cwd: project.folder });
      const outcome = await bridge.said('dead-letter').then(
        () => 'said',
        () => bridge.ended(),
      );
      if (outcome !== 'said') {
        assert.ok((ends += 1) <= 4, bridge.stderr());
        continue;
      }
      await waitFor(async () => (await arrived()) >= TOTAL - 1, 20_000, 'all others');
      bridge.signal('SIGTERM');
      assert.equal(await bridge.ended(), 0);
      break;
    }
    assert.equal(ends, 4);
    assert.deepEqual(
      readLetters(project.path('.sluice/p')).map(({ code, body }) => [
        code,
        Buffer.from(body as Uint8Array).toString(),
      ]),
      [['PROCESS_ENDED', '{"n":41}']],
    );
    await connection.close();
  },
);
