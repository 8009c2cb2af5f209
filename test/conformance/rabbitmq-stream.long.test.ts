import { after } from 'node:test';
import { conformance } from './conformance.ts';
import { STREAM, stopRabbitMq } from './subjects/rabbitmq.ts';

after(stopRabbitMq);
conformance(STREAM);
