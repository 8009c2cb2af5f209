import { after } from 'node:test';
import { conformance } from './conformance.ts';
import { RABBITMQ, stopRabbitMq } from './subjects/rabbitmq.ts';

after(stopRabbitMq);
for (const subject of RABBITMQ) conformance(subject);
