import { chaosTests } from './chaos-tests.ts';

chaosTests('mqtt');
