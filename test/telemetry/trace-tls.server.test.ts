import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { certificates } from '../harness/certificates.ts';
import { serverTest } from '../harness/server-test.ts';
import { tracedRun } from './traced-run.ts';

serverTest(
  'spans go over TLS to a collector that asks for a certificate, as the variables of OpenTelemetry name CA, certificate and key',
  { needs: ['openssl'] },
  async () => {
    using made = await certificates();
    const subjects: string[] = [];
    const { key, cert } = made.server;
    const server = createServer(
      {
        key: readFileSync(key),
        cert: readFileSync(cert),
        ca: readFileSync(made.ca),
        requestCert: true,
        rejectUnauthorized: true,
      },
      (request, response) => {
        if ('getPeerCertificate' in request.socket && typeof request.socket.getPeerCertificate === 'function') {
          subjects.push(JSON.stringify(request.socket.getPeerCertificate()));
        }
        request.resume().on('end', () => response.end());
      },
    );
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const publish = async (variables: Readonly<Record<string, string>>): Promise<readonly string[]> => {
      const all = { ...variables, OTEL_METRICS_EXPORTER: 'none' };
      await using run = await tracedRun({ url }, {}, all);
      await run.publish('a', '{}');
      await run.take(1);
      await run.stop();
      return run.said.map(({ event }) => event);
    };
    const trusted = {
      OTEL_EXPORTER_OTLP_CERTIFICATE: made.ca,
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: made.client.cert,
      OTEL_EXPORTER_OTLP_CLIENT_KEY: made.client.key,
    };
    try {
      assert.ok(!(await publish(trusted)).includes('traces-unsent'));
      assert.match(subjects.join(), /bridge/);
      const before = subjects.length;
      assert.ok(
        (await publish({ ...trusted, OTEL_EXPORTER_OTLP_CERTIFICATE: made.strangerCa })).includes('traces-unsent'),
      );
      assert.equal(subjects.length, before);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  },
);
