import { MEMORY } from '../brokers/memory.ts';
import { conformance } from './conformance.ts';

conformance(MEMORY);
