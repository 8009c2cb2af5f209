import { KAFKA } from '../brokers/kafka.ts';
import { conformance } from './conformance.ts';

conformance(KAFKA);
