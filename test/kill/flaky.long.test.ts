import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { serverTest } from '../harness/server-test.ts';
import { stateFolder } from '../harness/bridge.ts';
import { interruptWhileDraining } from './interrupt-while-draining.ts';
import type { Mark } from './judge.ts';
import { type Scene, setScene } from './scene.ts';

/** Some answers take a while, some come at the second try only, some messages are refused for good. */
const FLAKY = `
import { reject, type Transform } from 'sluice';

interface Report { unit: string; n: number; lat: number; lon: number }

const toTrack: Transform<Report> = async ({ unit, n, lat, lon }, { attempt }) => {
  if (n % 53 === 0) return reject('every 53rd is no good');
  if (n % 97 === 0 && attempt === 1) throw new Error('not now');
  if (n % 3 === 0) await new Promise((resolve) => setTimeout(resolve, (n * 7919) % 4));
  return { id: unit, sequence: n, position: { latitude: lat, longitude: lon }, speedMps: 1 };
};

export default toTrack;
`;

/** What the bridge of a scene has recorded as dead letters, each once. */
function deadLetters(scene: Scene): Set<string> {
  const database = new DatabaseSync(join(stateFolder(scene.project.folder, 'fleet'), 'dead-letters.sqlite'), {
    readOnly: true,
  });
  try {
    const rows = database.prepare('SELECT CAST(body AS TEXT) AS body FROM dead_letters').all();
    const reports = rows.map(({ body }) => JSON.parse(String(body)) as { unit: string; n: number });
    return new Set(reports.map(({ unit, n }) => `${unit} ${n}`));
  } finally {
    database.close();
  }
}

serverTest(
  'with a function that waits, fails and rejects a bridge killed 10 times keeps the order of each key, and every rejected message lies in the dead letters',
  { needs: ['mosquitto-process', 'nats-process'] },
  async (t) => {
    await using scene = await setScene('mqtt');
    scene.project.transform(FLAKY);
    const rejects = ({ number }: Mark): boolean => number % 53 === 0;
    const sent = await interruptWhileDraining(t, scene, {
      times: 10,
      overshoot: 1500,
      rejects,
      end: (bridge) => bridge.kill(),
    });
    const rejected = sent.filter(rejects).map(({ key, number }) => `${key} ${number}`);
    assert.deepEqual(deadLetters(scene), new Set(rejected));
  },
);
