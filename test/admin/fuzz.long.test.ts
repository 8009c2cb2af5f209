import { test } from 'node:test';
import { floodPort } from './hostile-flood.ts';

test('10,000 hostile requests end nothing, and messages flow meanwhile', { timeout: 600_000 }, () => floodPort(10_000));
