import assert from 'node:assert/strict';
import { freePorts } from '../harness/free-ports.ts';
import { serverTest } from '../harness/server-test.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { startNats } from '../harness/nats.ts';
import { waitFor } from '../harness/wait-for.ts';
import { fieldToCore } from './field-to-core.ts';
import { liveCertificates } from './live-certificates.ts';
import { watchStream } from '../harness/out-stream.ts';
import { newPublisher, type Publisher } from './publisher.ts';
import { startSluice } from '../harness/sluice-process.ts';

serverTest(
  'an authority, a certificate and a key that are renewed are taken up at the next connection to MQTT and JetStream, without a restart, and no message is lost',
  { needs: ['mosquitto-process', 'nats-process', 'openssl'] },
  async () => {
    using certs = await liveCertificates();
    const [open = 0] = await freePorts(1);
    // Doors without TLS: for what is published and read outside of the bridge.
    await using field = await startMosquitto({
      tls: certs.server,
      persistence: 'every-change',
      config: `listener ${open} 127.0.0.1`,
    });
    await using core = await startNats({ tls: certs.server, config: 'allow_non_tls: true' });
    using project = fieldToCore(
      { field: `mqtts://localhost:${field.port}`, core: `tls://localhost:${core.port}` },
      { field: { tls: certs.bridge }, core: { tls: certs.bridge } },
    );
    await using bridge = startSluice(['run', 'pipelines/bridge.yaml'], { cwd: project.folder });
    await bridge.said('ready');
    const publish = async (body: string): Promise<void> => {
      // The door without TLS opens a moment after the one that the restart waits for.
      const opened = (): Promise<Publisher | undefined> =>
        newPublisher(`mqtt://127.0.0.1:${open}`).catch(() => undefined);
      await using publisher = await waitFor(opened, 15_000, 'the door without TLS');
      await publisher.publish('in/k', JSON.stringify(body));
    };
    await publish('before');
    certs.renewServer();
    await core.restart();
    await field.restart();
    await publish('while it is away');
    const refused = (bus: string): boolean =>
      bridge.lines().some((line) => line.event === 'bus-problem' && line['bus'] === bus && line['code'] === 'BUS_TLS');
    await bridge.until(() => refused('field') && refused('core'), 'both ends to say that it is TLS');
    certs.renewBridge();
    await publish('after');
    await using stream = await watchStream(core.url, { tls: null });
    const bodies = (await stream.read(3)).map(({ body }) => JSON.parse(Buffer.from(body).toString()) as string);
    assert.deepEqual(new Set(bodies), new Set(['before', 'while it is away', 'after']));
    assert.equal(bridge.child.exitCode, null);
  },
);
