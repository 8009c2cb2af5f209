import { after } from 'node:test';
import { conformance } from './conformance.ts';
import { KAFKA, stopKafka } from './subjects/kafka.ts';

after(stopKafka);
conformance(KAFKA);
