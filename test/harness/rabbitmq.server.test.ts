import assert from 'node:assert/strict';
import { connect } from 'amqplib';
import { serverTest } from './server-test.ts';
import { vhostOf } from './rabbitmq-door.ts';
import { ownName, sharedRabbitMq } from './shared.ts';

serverTest('a user of a RabbitMQ may do what the test allows', { needs: ['rabbitmq'] }, async () => {
  const rabbit = await sharedRabbitMq();
  const url = await rabbit.freshVhost();
  const vhost = vhostOf(url);
  const name = ownName('ann');
  await rabbit.setUser(name, 'secret', { vhost, write: '', configure: '' });
  const ann = (password: string): string => url.replace('amqp://', `amqp://${name}:${password}@`);
  const connection = await connect(ann('secret'));
  const channel = await connection.createChannel();
  channel.on('error', () => {});
  await assert.rejects(channel.assertQueue('q'), /ACCESS_REFUSED/);
  await connection.close();
  await rabbit.setUser(name, 'other', { vhost });
  await assert.rejects(connect(ann('secret')), /ACCESS_REFUSED|403/);
  await (await connect(ann('other'))).close();
});
