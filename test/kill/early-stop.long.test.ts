import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'amqplib';
import { serverTest } from '../harness/server-test.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { natsWords } from '../harness/nats-client.ts';
import { publishStored } from '../harness/publish-stored.ts';
import { ownName, sharedKafka, sharedNats, sharedRabbitMq } from '../harness/shared.ts';
import { reportOf } from './backlog.ts';
import { waitFor } from '../harness/wait-for.ts';
import { type Bridge, startBridge } from '../harness/bridge.ts';
import { trackProject, type TrackProject, STAGES } from './track-project.ts';
import { testStream } from '../harness/test-stream.ts';

const STOPS = 40;
/** There is something to do from the first moment on. */
const BACKLOG = 2000;
/** From the start of the process to the signal, at most. */
const LATEST_MS = 1500;
/** A second beyond `--drain`. */
const END_MS = 3000;
const OPTIONS = ['--drain', '2s'];
/** So a bridge that does not end says why. */
const REPORTING = '--report-on-signal --report-signal=SIGUSR2 --report-filename=stderr';
const REPORT_MS = 5000;

/** In a thread of its own. */
const APART = [{ function: 'report-to-track', isolate: 'worker' }];

/** Ends of every bus; `ports` of servers that are not there where a test wants none. */
interface Ends {
  readonly mqtt: string;
  readonly nats: object;
  readonly kafka: readonly string[];
  readonly rabbitmq: string;
}

/** A route into and out of each bus. */
function pipelineBetween(project: TrackProject, { mqtt, nats, kafka, rabbitmq }: Ends, topic: string): string {
  const route = (name: string, from: object, to: object, stages: readonly object[] = []): object => ({
    name,
    from,
    stages,
    to,
  });
  return project.pipeline('all', {
    buses: {
      edge: { bus: 'mqtt', url: mqtt },
      core: { bus: 'nats', ...nats },
      store: { bus: 'jetstream', ...nats },
      log: { bus: 'kafka', brokers: kafka },
      work: { bus: 'rabbitmq', url: rabbitmq },
    },
    routes: [
      route('a', { bus: 'edge', topics: ['in/#'] }, { bus: 'store', stream: 'EARLY', subject: 'early.a' }),
      route('b', { bus: 'store', stream: 'EARLY' }, { bus: 'log', topic }, STAGES),
      route('apart', { bus: 'core', subjects: ['apart.>'] }, { bus: 'core', subject: 'out.apart' }, APART),
      route('c', { bus: 'log', topics: [topic] }, { bus: 'work', queue: 'early' }),
      { ...route('d', { bus: 'work', queue: 'early' }, { bus: 'edge', topic: 'out/d' }), spool: { max: '64MiB' } },
      route('e', { bus: 'core', subjects: ['in.>'] }, { bus: 'core', subject: 'out.e' }),
    ],
  });
}

const whatItWrote = (bridge: Bridge): string => bridge.stdout() + bridge.stderr();

/** What keeps a process from ending, in its own report: the handles that are open. */
async function whatHolds(bridge: Bridge): Promise<string> {
  bridge.signal('SIGUSR2');
  const isWritten = (): boolean => whatItWrote(bridge).includes('Node.js report completed');
  await waitFor(isWritten, REPORT_MS, 'a report').catch(() => {});
  const report = /^\{\n  "header"[\s\S]*?^\}$/m.exec(whatItWrote(bridge))?.[0] ?? '';
  return /"libuv": \[[\s\S]*?\n  \]/.exec(report)?.[0] ?? 'it wrote no report';
}

async function stopOften(project: TrackProject, file: string): Promise<void> {
  const bad: string[] = [];
  for (let stop = 0; stop < STOPS; stop += 1) {
    const bridge = startBridge(project.folder, file, OPTIONS, { NODE_OPTIONS: REPORTING });
    const afterMs = Math.round((stop * LATEST_MS) / STOPS);
    await sleep(afterMs);
    const ended = await bridge.terminate(END_MS).catch(() => undefined);
    if (ended === undefined) {
      bad.push(`after ${afterMs} ms: it did not end\n${bridge.tail()}\n${await whatHolds(bridge)}`);
      await bridge.kill();
      // Before its handler is there the signal ends the process at once, which is as good.
    } else if (ended !== 'exit code 0' && ended !== 'SIGTERM')
      bad.push(`after ${afterMs} ms: ${ended}\n${bridge.tail()}`);
  }
  assert.equal(bad.length, 0, `${bad.length} of ${STOPS}\n${bad.slice(0, 3).join('\n')}`);
}

serverTest(
  `a bridge that is told to stop while it starts ends by itself, ${STOPS} times`,
  { needs: ['mosquitto-process', 'nats', 'kafka', 'rabbitmq'] },
  async () => {
    await using mosquitto = await startMosquitto();
    const [nats, kafka, rabbit] = await Promise.all([sharedNats(), sharedKafka(), sharedRabbitMq()]);
    await using stream = await testStream(nats.url, 'EARLY', ['early.>']);
    await publishStored(stream.connection, BACKLOG, (at) => ({
      subject: `early.${at % 8}`,
      body: reportOf({ key: `unit-${at % 8}`, number: at + 1 }),
    }));
    const topic = ownName('early');
    await kafka.createTopic(topic);
    const rabbitmq = await rabbit.freshVhost();
    const connection = await connect(rabbitmq);
    await (await connection.createChannel()).assertQueue('early', { arguments: { 'x-queue-type': 'quorum' } });
    await connection.close();
    using project = trackProject();
    const ends = { mqtt: mosquitto.url, nats: natsWords(nats.url), kafka: kafka.brokers, rabbitmq };
    await stopOften(project, pipelineBetween(project, ends, topic));
  },
);

serverTest(
  `a bridge that is told to stop while no server is there ends by itself, ${STOPS} times`,
  { needs: ['mosquitto-process'] },
  async () => {
    using project = trackProject();
    // Ports that nobody listens at.
    const file = pipelineBetween(
      project,
      {
        mqtt: 'mqtt://127.0.0.1:1',
        nats: { url: 'nats://127.0.0.1:1' },
        kafka: ['127.0.0.1:1'],
        rabbitmq: 'amqp://127.0.0.1:1',
      },
      'early',
    );
    await stopOften(project, file);
  },
);
