import { spoolLaws } from './chaos-laws.ts';

spoolLaws(['mqtt:rabbitmq', 'kafka:mqtt']);
