import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InfraState, isRunning } from '../../runtime/infra/infra-state.ts';
import { portOpen } from '../../runtime/infra/probe.ts';
import { endServer } from '../../runtime/infra/start-server.ts';
import { BROKERS_FOLDER } from '../harness/brokers-folder.ts';
import { freePorts } from '../harness/free-ports.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { serverTest } from '../harness/server-test.ts';
import { startSluice } from '../harness/sluice-process.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';

const ENVIRONMENT = 3;
const STARTS_MS = 60_000;

interface Said {
  readonly ok: boolean;
  readonly servers?: readonly { readonly name: string; readonly pid: number; readonly urls: readonly string[] }[];
  readonly ended?: readonly string[];
  readonly error?: { readonly message: string };
}

serverTest(
  'servers for a person run on the ports that were named until `down`, which ends those and no others',
  { needs: ['nats-process', 'mosquitto-process'] },
  async () => {
    await using other = await startMosquitto();
    using home = temporaryFolder('infra');
    // What the tests have built already is not built again.
    mkdirSync(join(home.path, 'cache', 'sluice'), { recursive: true });
    symlinkSync(BROKERS_FOLDER, join(home.path, 'cache', 'sluice', 'servers'));
    const infra = async (...args: readonly string[]): Promise<Said & { readonly code: unknown }> => {
      const env = { XDG_CACHE_HOME: join(home.path, 'cache'), HOME: home.path };
      await using process = startSluice(['infra', ...args, '--json'], { cwd: home.path, env });
      const code = await process.ended(STARTS_MS);
      const said = process.stdout();
      assert.ok(said !== '', process.stderr());
      return { ...(JSON.parse(said) as Said), code };
    };
    const [nats = 0, monitor = 0, mqtt = 0] = await freePorts(3);
    const ports = ['--port', `nats=${nats}`, '--port', `nats-monitor=${monitor}`, '--port', `mosquitto=${mqtt}`];
    try {
      const up = await infra('up', 'nats', 'mosquitto', ...ports, '--background');
      assert.deepEqual([up.code, up.ok, up.servers?.map(({ name }) => name)], [0, true, ['mosquitto', 'nats']]);
      assert.ok((await portOpen(nats)) && (await portOpen(mqtt)));
      assert.deepEqual((await infra('list')).servers, up.servers);
      // A port that somebody has is not taken.
      const taken = await infra('up', 'jaeger', '--port', `otlp=${other.port}`);
      assert.equal(taken.code, ENVIRONMENT);
      assert.match(taken.error?.message ?? '', new RegExp(`port ${other.port} of 127.0.0.1 is in use`));

      // A file whose number is that of another process by now.
      const stranger = {
        name: 'jaeger',
        processes: [{ pid: process.pid, start: 'another time' }],
        ports: {},
        folder: home.path,
      };
      writeFileSync(join(home.path, '.sluice', 'infra', 'jaeger.json'), JSON.stringify(stranger));
      const down = await infra('down');
      assert.deepEqual(down.ended, ['mosquitto', 'nats']);
      assert.deepEqual([await portOpen(nats), await portOpen(mqtt), await portOpen(other.port)], [false, false, true]);
      assert.deepEqual((await infra('list')).servers, []);
    } finally {
      await Promise.all(new InfraState(home.path).running().map((server) => endServer(server)));
    }
  },
);

serverTest(
  'in the foreground Ctrl-C ends a server, and nothing of it runs on',
  { needs: ['mosquitto-process'] },
  async () => {
    using home = temporaryFolder('infra');
    const [port = 0] = await freePorts(1);
    await using process = startSluice(['infra', 'up', 'mosquitto', '--port', `mosquitto=${port}`], { cwd: home.path });
    await process.until(() => process.stdout().includes('Ctrl-C ends them'), 'the server', STARTS_MS);
    const [server] = new InfraState(home.path).running();
    assert.ok(server?.processes.every(isRunning));
    assert.match(process.stdout(), new RegExp(`mqtt://127.0.0.1:${port}`));
    process.signal('SIGINT');
    assert.equal(await process.ended(STARTS_MS), 0, process.stderr());
    assert.equal(await portOpen(port), false);
    assert.deepEqual(new InfraState(home.path).running(), []);
  },
);
