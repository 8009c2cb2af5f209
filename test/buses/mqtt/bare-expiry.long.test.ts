import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync, type IClientOptions } from 'mqtt';
import { serverTest } from '../../harness/server-test.ts';
import { startMosquitto } from '../../harness/mosquitto.ts';
import { patient } from '../../harness/patience.ts';
import { pathOf } from '../../harness/provide.ts';

const EXPIRES_S = 2;
/** Messages of every age wait whenever the reader comes: the server reckons in whole seconds. Mostly the first time is enough. */
const AT_MOST_MS = patient(15_000);
const GAP_MS = 5;
const AWAY_MS = 1700;
const THERE_MS = 400;

/** Where another version does better, the traps of docs/buses/mqtt.md are to be told anew. */
const KNOWN = /2\.0\.11\b/;

serverTest(
  'a mosquitto without a bridge hands out a message in its last half second as if it never expired',
  { needs: ['mosquitto-process'] },
  async (t) => {
    const version = versionOf(await pathOf('mosquitto'));
    if (!KNOWN.test(version)) {
      t.skip(`it is known of mosquitto 2.0.11, and this is ${version}`);
      return;
    }
    await using server = await startMosquitto();
    const reader: IClientOptions = {
      protocolVersion: 5,
      clientId: 'reader',
      clean: false,
      properties: { sessionExpiryInterval: 60 },
    };
    const first = await connectAsync(server.url, reader);
    await first.subscribeAsync('t', { qos: 1 });
    await first.endAsync();
    const writer = await connectAsync(server.url, { protocolVersion: 5 });
    const properties = { messageExpiryInterval: EXPIRES_S };
    const endMs = performance.now() + AT_MOST_MS;
    const expiries: (number | undefined)[] = [];
    const goesOn = (): boolean => performance.now() < endMs && !expiries.includes(undefined);
    const write = async (): Promise<void> => {
      for (let at = 0; goesOn(); at += 1) {
        await writer.publishAsync('t', String(at), { qos: 1, properties });
        await sleep(GAP_MS);
      }
    };
    const read = async (): Promise<void> => {
      while (goesOn()) {
        await sleep(AWAY_MS);
        const client = await connectAsync(server.url, reader);
        client.on('message', (_topic, _body, packet) => expiries.push(packet.properties?.messageExpiryInterval));
        await sleep(THERE_MS);
        await client.endAsync();
      }
    };
    await Promise.all([write(), read()]);
    await writer.endAsync();
    assert.ok(expiries.includes(undefined), `expiries ${[...new Set(expiries)].join()}`);
  },
);

function versionOf(binary: string): string {
  // It ends with 3 after its help.
  try {
    return execFileSync(binary, ['-h'], { encoding: 'utf8' });
  } catch (thrown) {
    return String(thrown instanceof Error && 'stdout' in thrown ? thrown.stdout : '');
  }
}
