import { conformance } from './conformance.ts';
import { NATS } from './subjects/nats.ts';

conformance(NATS);
