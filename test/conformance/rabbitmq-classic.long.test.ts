import { after } from 'node:test';
import { conformance } from './conformance.ts';
import { CLASSIC, stopRabbitMq } from './subjects/rabbitmq.ts';

after(stopRabbitMq);
conformance(CLASSIC);
