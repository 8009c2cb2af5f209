import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jaegerConfiguration } from '../../runtime/infra/jaeger-configuration.ts';
import { type Broker, type Recipe, startBroker } from './broker.ts';
import { type JaegerQuery, jaegerQuery } from './jaeger-query.ts';
import { healthy, portOpen } from '../../runtime/infra/probe.ts';
import { pathOf } from './provide.ts';

export interface JaegerOptions {
  /** Where it listens. Default: ports that are free. */
  readonly ports?: { readonly otlp: number; readonly query: number };
}

/** A Jaeger that keeps what it is sent in memory. Its `url` is where it takes OTLP over HTTP. */
export interface Jaeger extends Broker {
  /** Of its query API. What its Go module has for a page says that its pages are not in it. */
  readonly queryUrl: string;
  readonly query: JaegerQuery;
}

/** A Jaeger, ready when it takes spans and answers questions. */
export async function startJaeger(options: JaegerOptions = {}): Promise<Jaeger> {
  const binary = await pathOf('jaeger');
  let queryUrl = '';
  const recipe: Recipe = {
    name: 'jaeger',
    scheme: 'http',
    portCount: 2,
    ...(options.ports !== undefined && { ports: [options.ports.otlp, options.ports.query] }),
    prepare(folder, [otlp = 0, query = 0]) {
      queryUrl = `http://127.0.0.1:${query}`;
      const file = join(folder, 'jaeger.yaml');
      // JSON is YAML.
      writeFileSync(file, JSON.stringify(jaegerConfiguration(otlp, query)));
      // The variables of OpenTelemetry are for the bridge, not for the server.
      return { binary, args: ['--config', file], env: { PATH: process.env['PATH'], HOME: folder } };
    },
    // It begins to listen for questions before it listens for spans.
    probe: async ([otlp = 0]) => (await healthy(`${queryUrl}/api/v3/services`)) && (await portOpen(otlp)),
  };
  const broker = await startBroker(recipe);
  return Object.assign(broker, { queryUrl, query: jaegerQuery(queryUrl) });
}
