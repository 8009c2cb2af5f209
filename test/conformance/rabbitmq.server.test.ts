import { RABBITMQ } from '../brokers/rabbitmq.ts';
import { conformance } from './conformance.ts';

conformance(RABBITMQ, 'rabbitmq quorum');
