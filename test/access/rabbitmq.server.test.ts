import assert from 'node:assert/strict';
import { startBridge } from '../harness/bridge.ts';
import { newProject } from '../harness/project.ts';
import { type RabbitMq, startRabbitMq } from '../harness/rabbitmq.ts';
import { serverTest } from '../harness/server-test.ts';
import { waitFor } from '../harness/wait-for.ts';
import {
  administrator,
  type Administrator,
  asked,
  intruder,
  runCommands,
  manage,
  PASSWORD,
  pipeline,
} from './rabbitmq-guarded.ts';
import { Refusals } from './refusals.ts';
import { configurationFor, differencesAt } from './sluice-acl.ts';

const DEADLINE_MS = 60_000;
const env = { PW: PASSWORD };

/** Messages to be passed on; every tenth has nothing for the routing key of the sink, and becomes a dead letter. */
async function publish({ channel }: Administrator, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += 1) {
    const headers = at % 10 === 0 ? {} : { kind: `k${at % 3}` };
    channel.publish('', 'orders', Buffer.from(String(at)), { headers, messageId: `m${at}`, persistent: true });
  }
  await channel.waitForConfirms();
}

async function worksThroughKillAndRestart(broker: RabbitMq, folder: string, file: string): Promise<void> {
  let admin = await administrator(broker);
  const holds = async (queue: string): Promise<number> => (await admin.channel.checkQueue(queue)).messageCount;
  const until = (queue: string, count: number): Promise<unknown> =>
    waitFor(async () => (await holds(queue)) >= count, DEADLINE_MS, `${count} messages in ${queue}`);
  await using first = startBridge(folder, file, [], env);
  await first.ready();
  await publish(admin, 0, 100);
  admin.channel.publish('inbox', 'in.a', Buffer.from('made'), { messageId: 'a' });
  admin.channel.publish('', 'signals', Buffer.from('{"id":1}'), { messageId: 's1' });
  await until('tasks-kept', 30);
  await first.kill();
  await publish(admin, 100, 200);
  await using second = startBridge(folder, file, [], env);
  await second.ready();
  await until('tasks-kept', 180);
  await until('letters-kept', 20);
  await until('seen-kept', 1);
  await until('made-out', 1);
  await broker.saveNow();
  await admin[Symbol.asyncDispose]();
  await broker.kill();
  await broker.restart();
  admin = await waitFor(() => administrator(broker), DEADLINE_MS, 'the server to answer');
  await publish(admin, 200, 300);
  admin.channel.publish('inbox', 'in.b', Buffer.from('made'), { messageId: 'b' });
  admin.channel.publish('', 'signals', Buffer.from('{"id":1}'), { messageId: 's2' });
  await until('tasks-kept', 270);
  await until('letters-kept', 30);
  await until('seen-kept', 2);
  await until('made-out', 2);
  assert.equal(await second.terminate(DEADLINE_MS), 'exit code 0');
  const refused = [...first.lines(), ...second.lines()].filter((line) =>
    /BUS_AUTH|FENCE_REFUSED|SINK_DENIED|ACCESS_REFUSED/.test(JSON.stringify(line)),
  );
  assert.deepEqual(refused, []);
  assert.doesNotMatch(broker.log(), /access_refused|ACCESS_REFUSED/);
  await admin[Symbol.asyncDispose]();
}

serverTest(
  'RabbitMQ under the rights of `sluice acl`: the pipeline works through a kill and a restart, every other operation is refused, and `--check` names what is too much',
  { needs: ['rabbitmq-process'], timeoutMs: 400_000 },
  async (t) => {
    using project = newProject({});
    await using broker = await startRabbitMq({ management: true });
    const file = project.write('pipelines/guarded.yaml', pipeline(broker.url));
    for (const user of ['bridge', 'maker'])
      await manage(broker, 'PUT', `users/${user}`, { password: PASSWORD, tags: '' });
    await runCommands(broker, await configurationFor('rabbitmq', file));
    await using admin = await administrator(broker);
    await admin.prepare();

    await worksThroughKillAndRestart(broker, project.folder, file);

    await using again = await administrator(broker);
    const refusals = new Refusals();
    await refusals.refusesAll(intruder(broker, 'bridge'));
    refusals.count(t, 41);
    const own = await asked(broker, 'bridge', async (channel) => {
      channel.publish('tasks', 'tasks.fine', Buffer.from('x'));
      await channel.waitForConfirms();
      await channel.consume('signals', () => {});
    });
    assert.equal(own, 'granted', 'what the routes do');
    assert.equal((await again.channel.checkQueue('other')).messageCount, 1, 'nothing came or went');

    const management = `http://guest:guest@127.0.0.1:${new URL(broker.managementUrl ?? '').port}`;
    const exact = await differencesAt(management, file, { env });
    assert.deepEqual(exact.lines, []);
    const permit = (user: string, configure: string, write: string, read: string): Promise<void> =>
      manage(broker, 'PUT', `permissions/%2F/${user}`, { configure, write, read });
    await permit('bridge', '^$', '^(tasks|letters|seen|other)$', '.*');
    await manage(broker, 'PUT', 'users/bridge', { password: PASSWORD, tags: 'monitoring' });
    await manage(broker, 'DELETE', 'topic-permissions/%2F/bridge');
    for (const [exchange, write] of Object.entries({ tasks: String.raw`^tasks\..*$`, seen: '^$' }))
      await manage(broker, 'PUT', 'topic-permissions/%2F/bridge', { exchange, write, read: '^$' });
    await permit('maker', '^$', String.raw`^amq\.default$`, String.raw`^made\.made$`);
    const wide = await differencesAt(management, file, { env });
    assert.deepEqual(wide.lines, [
      'too much bridge: tag monitoring',
      'missing bridge: configure ^sluice-fence-[0-9a-f]{16}$ in /, found ^$',
      'too much bridge: write other in /, by ^(tasks|letters|seen|other)$',
      'too much bridge: read any name in /, by .*',
      String.raw`too much bridge: write routing keys of topic exchange tasks in /: ^tasks\..*$ in place of ^tasks\.[^.]*$`,
      String.raw`too much bridge: write routing keys of topic exchange letters in /: all in place of ^letters\.orders$`,
      'too much bridge: read routing keys of topic exchange letters in /: all in place of ^$',
      String.raw`missing maker: configure ^(guarded\.made|inbox|made-out)$ in /, found ^$`,
      String.raw`missing maker: write ^(guarded\.made|amq\.default)$ in /, found ^amq\.default$`,
      String.raw`missing maker: read ^(guarded\.made|inbox)$ in /, found ^made\.made$`,
    ]);
    // No queue shows the difference: names that only begin like those that are wanted do.
    await permit('maker', '^(guarded.made|inbox|made-out)$', String.raw`^(guarded\.made|amq\.default)$`, 'inbox');
    await manage(broker, 'DELETE', 'users/bridge');
    assert.deepEqual((await differencesAt(management, file, { env })).lines, [
      'missing bridge: everything: there is no such user',
      'too much maker: read names such as inbox.sluice-acl in /, by inbox',
      String.raw`missing maker: read ^(guarded\.made|inbox)$ in /, found inbox`,
    ]);

    const stranger = management.replace('guest:guest', `bridge:${PASSWORD}`);
    await assert.rejects(differencesAt(stranger, file), { code: 'BUS_AUTH', message: /administrator/ });
  },
);
