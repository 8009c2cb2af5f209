import assert from 'node:assert/strict';
import { fixture, SERVERS } from '../host/fixture.ts';
import { readLetters } from '../host/memory-run.ts';
import { serverTest } from '../harness/server-test.ts';
import { startSluice } from '../harness/sluice-process.ts';
import { waitFor } from '../harness/wait-for.ts';
import { DEMO_FILE } from './demo-policy.ts';

const PREFIX = '1;p=urn:demo:ops;c=';

serverTest(
  'from MQTT 5 to JetStream only what the core may hold leaves, over a kill too, and the rest is recorded',
  SERVERS,
  async () => {
    await using at = await fixture({
      file: { labels: 'ops' },
      files: { 'schemas/ops.policy.json': DEMO_FILE },
      source: "export default (body, context) => { if (body.raise) context.raise('TS;REL=*'); return body; };",
      field: { ceiling: 'S;REL=GBR,USA' },
      core: { ceiling: 'S;REL=GBR,USA' },
    });
    const state = at.project.path('state');
    const run = () => startSluice(['run', 'pipelines/bridge.yaml', '--state', state], { cwd: at.project.folder });
    const publish = async (label: string | undefined, body: object): Promise<void> => {
      const properties = label === undefined ? {} : { userProperties: { seclabel: PREFIX + label } };
      await at.publisher.publish('in/v1', JSON.stringify(body), properties);
    };
    {
      await using bridge = run();
      await bridge.said('ready');
      await publish('S;REL=FVEY', { n: 1 });
      await publish('TS;REL=FVEY', { n: 2 });
      await publish(undefined, { n: 3 });
      await publish('C;REL=FVEY', { n: 4, raise: true });
      await waitFor(() => bodiesIn(state).length === 3, 15_000, '3 dead letters');
      bridge.signal('SIGKILL');
      await bridge.ended();
    }
    await publish('TS;REL=FVEY', { n: 5 });
    await publish('U', { n: 6 });
    {
      await using bridge = run();
      await at.stream.read(2);
      await waitFor(() => bodiesIn(state).includes('{"n":5}'), 15_000, 'the dead letter of the second spillage');
      bridge.signal('SIGTERM');
      await bridge.ended();
    }
    const stored = await at.stream.read(2);
    assert.deepEqual(
      stored.map((one) => [JSON.parse(Buffer.from(one.body).toString()), one.header('seclabel')]),
      [
        [{ n: 1 }, [`${PREFIX}S;REL=AUS,CAN,GBR,NZL,USA`]],
        [{ n: 6 }, [`${PREFIX}U;REL=*`]],
      ],
    );
    // A kill between its record and its acknowledgement records a message again.
    const codes = new Set(readLetters(state).map(({ code }) => code));
    assert.deepEqual(codes, new Set(['LABEL_ABOVE_SOURCE', 'LABEL_MISSING', 'LABEL_DENIED']));
  },
);

function bodiesIn(state: string): readonly string[] {
  try {
    return readLetters(state).map(({ body }) => Buffer.from(body as Uint8Array).toString());
  } catch {
    return [];
  }
}
