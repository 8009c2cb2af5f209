import { conformance } from './conformance.ts';
import { MEMORY } from './subjects/memory.ts';

conformance(MEMORY);
