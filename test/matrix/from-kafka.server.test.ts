import { matrixLaws } from './matrix-laws.ts';

matrixLaws('kafka');
