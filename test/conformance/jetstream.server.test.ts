import { JETSTREAM } from '../brokers/jetstream.ts';
import { conformance } from './conformance.ts';

conformance(JETSTREAM);
