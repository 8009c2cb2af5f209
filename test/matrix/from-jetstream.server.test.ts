import { matrixLaws } from './matrix-laws.ts';

matrixLaws('jetstream');
