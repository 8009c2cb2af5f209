import { matrixLaws } from './matrix-laws.ts';

matrixLaws('rabbitmq');
