import { test } from 'node:test';
import { floodPort } from './hostile-flood.ts';

test('1,000 hostile requests end nothing, and messages flow meanwhile', { timeout: 120_000 }, () => floodPort(1000));
