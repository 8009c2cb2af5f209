import assert from 'node:assert/strict';
import { after, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { natsClient } from '../harness/nats-client.ts';
import { REACHABLE } from '../brokers/all.ts';
import { type Started, startedOnce } from '../brokers/started.ts';
import { serverTest } from '../harness/server-test.ts';
import { startNats } from '../harness/nats.ts';
import { patient } from '../harness/patience.ts';
import { publishStored } from '../harness/publish-stored.ts';
import { waitFor } from '../harness/wait-for.ts';
import { type Bridge, startBridge } from '../harness/bridge.ts';
import { trackProject } from '../kill/track-project.ts';
import { testStream } from '../harness/test-stream.ts';

/** What the way to the sink carries: the route's speed is that of the link, whatever the machine does beside. */
const BYTES_PER_SECOND = 100_000;
const BODY_BYTES = 250;
const KEYS = 64;
const MESSAGES = 15_000;
const MEASURE_MS = 2500;
const AWAY_MS = 3000;
/** The promise: so long after the server is well the route has its speed again. */
const BACK_MS = patient(10_000);
const MOST_GO_BACKS = 2;

const WORDS = {
  command: { class: 'command', from: { expires: '1h' } },
  event: { class: 'event', from: {} },
} as const;

async function rateOf(bridge: Bridge): Promise<number> {
  const [before, startMs] = [await bridge.metric('messaging_client_sent_messages_total'), performance.now()];
  await sleep(MEASURE_MS);
  const sent = (await bridge.metric('messaging_client_sent_messages_total')) - before;
  return (sent * 1000) / (performance.now() - startMs);
}

async function judgeRecovery(
  { bus, endpoint }: Started,
  name: keyof typeof WORDS,
  tell: (text: string) => void,
): Promise<void> {
  await using nats = await startNats();
  await using reports = await testStream(nats.url, 'REPORTS', ['fleet.*']);
  await using stack = new AsyncDisposableStack();
  using project = trackProject();
  const tag = `recovery-${name}`;
  await endpoint.prepare('sink', [tag]);
  const client = await natsClient(nats.url);
  stack.defer(() => client.close());
  const body = 'x'.repeat(BODY_BYTES);
  await publishStored(client, MESSAGES, (at) => ({ subject: `fleet.${at % KEYS}`, body: `{"n":${at},"p":"${body}"}` }));
  await waitFor(async () => (await reports.count()) === MESSAGES, 30_000, 'the backlog');
  const { from, ...route } = WORDS[name];
  const file = project.pipeline('recovery', {
    buses: { field: { bus: 'jetstream', url: nats.url }, core: endpoint.through('sink') },
    routes: [
      {
        name: 'r',
        ...route,
        from: { bus: 'field', stream: 'REPORTS', key: '{subject.1}', ...from },
        to: { bus: 'core', ...endpoint.exit(tag).bridge },
      },
    ],
  });
  endpoint.links.sink.limit(BYTES_PER_SECOND);
  stack.defer(() => endpoint.links.sink.limit(undefined));
  const bridge = startBridge(project.folder, file);
  stack.defer(() => bridge.kill());
  await bridge.ready();
  await waitFor(
    async () => (await bridge.metric('messaging_client_sent_messages_total')) > KEYS,
    patient(10_000),
    'a flow',
  );
  const formerRate = await rateOf(bridge);
  if (endpoint.restart === 'never') {
    await endpoint.links.sink.cut();
    await sleep(AWAY_MS);
    await endpoint.links.sink.mend();
  } else {
    await (endpoint.restart === 'kill' ? endpoint.server.kill() : endpoint.server.stop());
    await sleep(AWAY_MS);
    await endpoint.server.restart();
  }
  const wellRewinds = await bridge.metric('sluice_send_rewinds_total');
  let rate = 0;
  for (const wellMs = performance.now(); performance.now() - wellMs < BACK_MS && rate < 0.9 * formerRate;) {
    rate = await rateOf(bridge);
  }
  const rewinds = (await bridge.metric('sluice_send_rewinds_total')) - wellRewinds;
  tell(
    `${bus}, ${name}: ${Math.round(formerRate)}/s before, ${Math.round(rate)}/s after, went back ${rewinds} times since`,
  );
  assert.ok(
    formerRate > 50,
    `${formerRate} a second: it did not flow
${bridge.tail()}`,
  );
  assert.ok(rate >= 0.9 * formerRate, `${rate} a second, ${formerRate} before\n${bridge.tail()}`);
  assert.ok(rewinds <= MOST_GO_BACKS, `it went back ${rewinds} times\n${bridge.tail()}`);
}

void describe('after an outage of the sink a route is back at nine tenths of its speed within 10 s', () => {
  const servers = new AsyncDisposableStack();
  after(() => servers.disposeAsync());
  const started = startedOnce(servers);
  for (const bus of REACHABLE) {
    for (const name of ['command', 'event'] as const) {
      serverTest(
        `to ${bus.name}, class ${name}, and goes back no more than ${MOST_GO_BACKS} times once the server is well`,
        { needs: [...new Set(['nats-process', bus.endpoints.needs.start] as const)] },
        async (t) => judgeRecovery(await started(bus), name, (text) => t.diagnostic(text)),
      );
    }
  }
});
