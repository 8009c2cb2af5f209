import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serverTest } from '../harness/server-test.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { startNats } from '../harness/nats.ts';
import { freePorts } from '../harness/free-ports.ts';
import { fieldToCore } from './field-to-core.ts';
import { watchStream } from '../harness/out-stream.ts';
import { newPublisher } from './publisher.ts';
import { startSluice } from '../harness/sluice-process.ts';

serverTest(
  'MQTT, JetStream, the admin page and the collector of spans are reached at ::1',
  { needs: ['mosquitto-process', 'nats-process', 'ipv6'] },
  async () => {
    const [port = 0] = await freePorts(1);
    await using field = await startMosquitto({ config: `listener ${port} ::1` });
    await using core = await startNats({ host: '[::1]' });
    const there = `nats://[::1]:${core.port}`;
    let spans = 0;
    const collector = createServer((request, response) => {
      spans += request.url === '/v1/traces' ? 1 : 0;
      request.resume().on('end', () => response.writeHead(200).end());
    });
    await new Promise<void>((resolve) => collector.listen(0, '::1', resolve));
    const { port: collected } = collector.address() as AddressInfo;
    // The second of a list that names two: none listens at the first.
    const [nowhere = 0] = await freePorts(1);
    using project = fieldToCore(
      { field: `mqtt://[::1]:${port}`, core: there },
      { core: { url: [`nats://[::1]:${nowhere}`, `env:CORE|${there}`] } },
    );
    try {
      await using bridge = startSluice(['run', 'pipelines/bridge.yaml', '--admin', '[::1]:0'], {
        cwd: project.folder,
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://[::1]:${collected}`, OTEL_BSP_SCHEDULE_DELAY: '100' },
      });
      await bridge.said('ready');
      const url = String((await bridge.said('admin'))['url']);
      assert.match(url, /^http:\/\/\[::1\]:\d+$/);
      assert.equal((await fetch(`${url}/readyz`)).status, 200);
      await using publisher = await newPublisher(field.url);
      await publisher.publish('in/k', '{"n":1}');
      await using stream = await watchStream(there);
      assert.equal((await stream.read(1)).length, 1);
      await bridge.until(() => spans > 0, 'spans');
    } finally {
      collector.closeAllConnections();
      await new Promise((resolve) => collector.close(resolve));
    }
  },
);
