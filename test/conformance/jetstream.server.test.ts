import { conformance } from './conformance.ts';
import { JETSTREAM } from './subjects/jetstream.ts';

conformance(JETSTREAM);
