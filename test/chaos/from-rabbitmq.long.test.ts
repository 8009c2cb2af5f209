import { chaosLaws } from './chaos-laws.ts';

chaosLaws('rabbitmq');
