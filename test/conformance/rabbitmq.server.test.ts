import { after } from 'node:test';
import { conformance } from './conformance.ts';
import { QUORUM, stopRabbitMq } from './subjects/rabbitmq.ts';

after(stopRabbitMq);
conformance(QUORUM);
