import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startedOnce } from '../brokers/started.ts';
import { pairsOf } from '../chaos/pairs.ts';
import { startScenario } from '../chaos/scenario.ts';
import type { Link } from '../harness/link.ts';
import type { Bridge } from '../harness/bridge.ts';
import { reportText } from '../../runtime/verify/verdicts.ts';
import { flatness, look, type Sample } from './samples.ts';

const USAGE = `usage: npm run soak -- [--minutes 60] [--rate 5000] [--pair jetstream:kafka] [--outage-every 20]

Runs one bridge between real servers at a steady rate, class event, and takes its sink away for a moment again and again (0:
never). At the end the checker judges what arrived, and memory, descriptors and the time of an answer of the bridge's process must
be what they were at the beginning. Linux only.
`;

const KEYS = 64;
const SAMPLE_MS = 2000;
const TELL_MS = 60_000;
const AWAY_MS = 1000;
const STOP_MS = 30_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    rate: { type: 'string', default: '5000' },
    pair: { type: 'string', default: 'jetstream:kafka' },
    'outage-every': { type: 'string', default: '20' },
    help: { type: 'boolean', default: false },
  },
});
const say = (text: string): void => void process.stdout.write(`${text}\n`);

if (values.help) say(USAGE);
else process.exitCode = await main();

async function main(): Promise<number> {
  const [minutes, rate, outageEveryS] = [values.minutes, values.rate, values['outage-every']].map(Number);
  if (!(minutes !== undefined && minutes > 0) || !(rate !== undefined && rate > 0) || outageEveryS === undefined) {
    throw new Error(USAGE);
  }
  const lastsMs = minutes * 60_000;
  await using servers = new AsyncDisposableStack();
  const [pair] = pairsOf(values.pair);
  if (pair === undefined) throw new Error(USAGE);
  const started = startedOnce(servers);
  const [source, sink] = [await started(pair[0]), await started(pair[1])];
  await using scenario = await startScenario({ source, sink, classes: ['event'] });
  const bridge = scenario.start();
  await bridge.ready();
  say(`${source.bus} to ${sink.bus}, ${rate} a second, ${minutes} minutes, the sink away every ${outageEveryS} s`);
  const checks = await scenario.check({ lastsMs, ratePerSecond: rate, keys: KEYS });
  const check = checks.get('event');
  if (check === undefined) throw new Error('no check');
  const over = new AbortController();
  const outages = takeAway(sink.endpoint.links.sink, outageEveryS, over.signal);
  const sampling = sampled(bridge, over.signal, (sample) => {
    const { sent, arrived, missing } = check.numbers();
    const mib = Math.round(sample.residentBytes / 1024 ** 2);
    say(
      `${Math.round(sample.atMs / 60_000)} min: ${sent} sent, ${arrived} arrived, ${missing} under way; ${mib} MiB, ${sample.descriptors} descriptors`,
    );
  });
  setTimeout(() => over.abort(), lastsMs);
  const report = await check.report;
  over.abort();
  const [samples, away] = await Promise.all([sampling, outages]);
  const ended = await bridge.terminate(STOP_MS);
  say(`\n${reportText(report)}\n${away} outages; the bridge ended with ${ended}\n`);
  const judged = flatness(samples);
  for (const { what, early, late, bound, isFlat } of judged) {
    say(
      `${isFlat ? ' ' : '!'} ${what.padEnd(34)} ${early.toFixed(1)} -> ${late.toFixed(1)}, at most ${bound.toFixed(1)}`,
    );
  }
  return report.ok && ended === 'exit code 0' && judged.every(({ isFlat }) => isFlat) ? 0 : 1;
}

/** How often it did. */
async function takeAway(link: Link, everyS: number, signal: AbortSignal): Promise<number> {
  if (everyS === 0) return 0;
  for (let times = 0; ; times += 1) {
    await sleep(everyS * 1000, undefined, { signal }).catch(() => {});
    if (signal.aborted) return times;
    await link.cut();
    await sleep(AWAY_MS);
    await link.mend();
  }
}

async function sampled(bridge: Bridge, signal: AbortSignal, tell: (sample: Sample) => void): Promise<Sample[]> {
  const startMs = performance.now();
  const samples: Sample[] = [];
  let toldMs = 0;
  while (!signal.aborted) {
    const askedMs = performance.now();
    await bridge.ask('/livez').catch(() => {});
    const answerMs = performance.now() - askedMs;
    const sample = { atMs: performance.now() - startMs, answerMs, ...look(bridge.pid) };
    samples.push(sample);
    if (sample.atMs - toldMs >= TELL_MS) {
      toldMs = sample.atMs;
      tell(sample);
    }
    await sleep(SAMPLE_MS, undefined, { signal }).catch(() => {});
  }
  return samples;
}
