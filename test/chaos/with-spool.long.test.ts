import { spoolTests } from './chaos-tests.ts';

spoolTests(['mqtt:rabbitmq', 'kafka:mqtt']);
