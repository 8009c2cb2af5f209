import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { serverTest } from '../harness/server-test.ts';
import { patient } from '../harness/patience.ts';
import { letterFixture } from '../store/dead-letters/dlq-fixture.ts';
import { SERVERS } from './fixture.ts';

const LIFE_MS = Math.round(patient(3000));

serverTest(
  'expires of: publisher counts what a message waited at the broker, and takes none that hides its age',
  SERVERS,
  async () => {
    await using place = await letterFixture({
      from: { timestamp: '{header.sent}', expires: { after: `${LIFE_MS}ms`, of: 'publisher' } },
    });
    const first = place.run();
    await first.said('ready');
    first.signal('SIGTERM');
    assert.equal(await first.ended(), 0);
    const { publisher, stream } = place.fixture;
    const publish = (name: string, userProperties?: Record<string, string>): Promise<void> =>
      publisher.publish(`in/${name}`, JSON.stringify({ name }), userProperties && { userProperties });
    await publish('old', { sent: String(Date.now()) });
    await publish('ageless');
    await sleep(LIFE_MS + 100);
    const second = place.run();
    await second.said('dead-letter', 2);
    await publish('fresh', { sent: new Date().toISOString() });
    const [stored] = await stream.read(1);
    assert.equal(stored?.subject, 'out.fresh');
    assert.deepEqual(
      place.letters().map((letter) => [letter['address'], letter['code']]),
      [
        ['in/old', 'EXPIRED'],
        ['in/ageless', 'TIMESTAMP_MISSING'],
      ],
    );
    second.signal('SIGTERM');
    assert.equal(await second.ended(), 0);
    assert.equal(await stream.count(), 1);
  },
);
