import { CORE_NATS } from '../brokers/nats.ts';
import { conformance } from './conformance.ts';

conformance(CORE_NATS);
