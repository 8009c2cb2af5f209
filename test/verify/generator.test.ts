import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '#contract/errors.ts';
import type { Frame } from '#contract/frame.ts';
import type { Sink } from '#contract/sink.ts';
import { Checker } from '../../runtime/verify/checker.ts';
import { Generator } from '../../runtime/verify/generator.ts';
import { frameForTest } from '../engine/route-for-test.ts';

const RUN = 'a1';

void test('a message that expires before the first bus took it is given up, and the next of its key is sent', async () => {
  const taken: (string | undefined)[] = [];
  let tries = 0;
  const sink: Sink = {
    maxInFlight: 1,
    async send({ id }: Frame) {
      tries += 1;
      if (tries === 1) throw new SluiceError('SINK_DOWN', 'away');
      if (tries === 2) throw new SluiceError('EXPIRED', 'too late');
      taken.push(id);
      return 'confirmed';
    },
    close: () => Promise.resolve(),
  };
  const promised = { run: RUN, trafficClass: 'command', labels: [], expiresMs: 1, slackMs: 0, wedgedMs: 1000 } as const;
  const checker = new Checker({ ...promised, allowed: new Set() });
  const load = { run: RUN, keys: ['k'], ratePerSecond: 1000, count: 2, lastsMs: 5000, maxMissing: 10 };
  const generator = new Generator(
    { ...load, frameOf: ({ number }) => ({ ...frameForTest('in', ''), id: String(number) }) },
    sink,
    checker,
  );
  await generator.run(new AbortController().signal);
  assert.deepEqual(taken, ['2']);
});
