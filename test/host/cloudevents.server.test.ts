import assert from 'node:assert/strict';
import { connectAsync } from 'mqtt';
import { REACHABLE } from '../brokers/all.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { newProject } from '../harness/project.ts';
import { serverTest } from '../harness/server-test.ts';
import { startSluice } from '../harness/sluice-process.ts';
import { waitFor } from '../harness/wait-for.ts';

/** Before the name of an attribute, on the wire. */
const PREFIXES: Readonly<Record<string, string>> = {
  mqtt: '',
  nats: 'ce-',
  jetstream: 'ce-',
  kafka: 'ce_',
  rabbitmq: 'cloudEvents_',
};

const EVENT = {
  specversion: '1.0',
  id: 'e 1%',
  source: '/fleet/ü',
  type: 'fleet.track',
  time: '2026-11-28T00:00:00Z',
  datacontenttype: 'application/vnd.track+json',
  seclabel: 'S;REL=USA',
  data: { n: 1 },
};

serverTest(
  'an event with its label goes from MQTT 3.1.1 over every bus in binary mode, as its binding spells it, and back to MQTT 3.1.1',
  { needs: ['mosquitto-process', ...REACHABLE.map(({ endpoints }) => endpoints.needs.share)] },
  async () => {
    await using field = await startMosquitto({});
    const buses: Record<string, object> = {
      old: { bus: 'mqtt', url: field.url, protocol: '3.1.1', clientId: 'old' },
      field: { bus: 'mqtt', url: field.url, protocol: '5', clientId: 'field' },
    };
    const routes: object[] = [];
    const ends = await Promise.all(
      REACHABLE.map(async ({ name, endpoints }) => [name, await endpoints.share()] as const),
    );
    for (const [name, end] of ends) {
      const tags = [`${name}-events`, `${name}-raw`] as const;
      await end.prepare('sink', tags);
      buses[name] = end.direct;
      for (const tag of tags) {
        routes.push({
          name: `${tag}-out`,
          from: { bus: 'old', topics: ['in/+'], qos: 1, key: '{topic.1}', cloudevents: 'structured' },
          to: { bus: name, ...end.exit(tag).bridge, cloudevents: 'binary' },
        });
      }
      const [events, raw] = tags;
      routes.push({
        name: `${events}-back`,
        from: { bus: name, ...end.exit(events).checker, cloudevents: 'binary' },
        to: { bus: 'old', topic: `back/${name}`, cloudevents: 'structured' },
      });
      routes.push({
        name: `${raw}-back`,
        from: { bus: name, ...end.exit(raw).checker },
        to: { bus: 'field', topic: `raw/${name}` },
      });
    }
    using project = newProject({ 'pipelines/p.yaml': { name: 'events', buses, routes } });
    const reader = await connectAsync(field.url, { protocolVersion: 5 });
    await reader.subscribeAsync(['back/#', 'raw/#'], { qos: 1 });
    const back = new Map<string, Record<string, unknown>>();
    const raw = new Map<string, Readonly<Record<string, unknown>>>();
    reader.on('message', (topic, body, { properties }) => {
      const [kind, name = ''] = topic.split('/');
      if (kind === 'back') back.set(name, JSON.parse(body.toString()) as Record<string, unknown>);
      else raw.set(name, { ...properties?.userProperties });
    });
    await using bridge = startSluice(['run', 'pipelines/p.yaml'], { cwd: project.folder });
    await bridge.said('ready');
    await reader.publishAsync('in/v1', JSON.stringify(EVENT), { qos: 1 });
    await waitFor(() => back.size === ends.length && raw.size === ends.length, 20_000, 'the event from every bus');
    for (const [name] of ends) {
      const { sluicehops, ...event } = back.get(name) ?? {};
      assert.deepEqual(event, EVENT, name);
      assert.equal(sluicehops, '2');
      const properties = raw.get(name) ?? {};
      const prefix = PREFIXES[name] ?? '?';
      const isNats = prefix === 'ce-';
      assert.equal(properties[`${prefix}specversion`], '1.0', name);
      assert.equal(properties[`${prefix}id`], isNats ? 'e%201%25' : 'e 1%', name);
      assert.equal(properties[`${prefix}source`], isNats ? '/fleet/%C3%BC' : '/fleet/ü', name);
      assert.equal(properties['seclabel'], 'S;REL=USA', name);
      if (isNats) assert.equal(properties['ce-datacontenttype'], EVENT.datacontenttype);
    }
    await reader.endAsync(true);
    bridge.signal('SIGTERM');
    assert.equal(await bridge.ended(), 0);
  },
);
