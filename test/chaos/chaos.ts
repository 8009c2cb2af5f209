import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { TrafficClass } from '../../runtime/contract/traffic-class.ts';
import { type Started, startedOnce } from '../brokers/started.ts';
import { seedOfRun } from '../kill/random.ts';
import { type ChaosOutcome, isConvicted, runChaos } from './chaos-run.ts';
import { classesNamed, SPOOL } from './classes.ts';
import { pairsOf } from './pairs.ts';
import { type Row, rowsOf, tableText, writeTable } from './table.ts';

const USAGE = `usage: npm run chaos -- [--pair mqtt:jetstream|all] [--class event|all] [--minutes 5 | --seconds 20] [--seed 7] [--spool] [--write docs/guarantees.md] [--keep .chaos]

Runs a bridge between real servers, breaks everything in turn, and has what arrived judged by the checker of \`sluice verify\`.
--minutes and --seconds are for each pair. --spool puts a spool before the stages of each route. --write puts the table of
verdicts into that page. --keep names the folder in which the logs of bridges, servers and checker of each pair that is
convicted are kept.
`;

/** A run that is longer tells its numbers once a minute, and no single faults. */
const MANY_SECONDS = 60;

const { values } = parseArgs({
  options: {
    pair: { type: 'string', default: 'all' },
    class: { type: 'string', default: 'all' },
    minutes: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    spool: { type: 'boolean', default: false },
    write: { type: 'string' },
    keep: { type: 'string', default: '.chaos' },
    help: { type: 'boolean', default: false },
  },
});
const say = (text: string): void => void process.stdout.write(`${text}\n`);

if (values.help) say(USAGE);
else process.exitCode = await main();

async function main(): Promise<number> {
  await using servers = new AsyncDisposableStack();
  const classes = classesNamed(values.class);
  const pairs = pairsOf(values.pair);
  const started = startedOnce(servers);
  const seconds = values.seconds === undefined ? Number(values.minutes ?? 5) * 60 : Number(values.seconds);
  if (!(seconds > 0)) throw new Error(USAGE);
  const seed = values.seed === undefined ? seedOfRun() : Number(values.seed);
  const rows: Row[] = [];
  const failed: string[] = [];
  for (const [at, [source, sink]] of pairs.entries()) {
    say(
      `== ${at + 1} of ${pairs.length}: ${source.name} to ${sink.name}, ${classes.join(', ')}, ${seconds} s, seed ${seed}`,
    );
    const keep = join(values.keep, `${source.name}-${sink.name}-${seed}`);
    const again = commandFor(`${source.name}:${sink.name}`, seconds, seed);
    try {
      const outcome = await one(await started(source), await started(sink), { classes, seconds, seed, keep });
      const made = rowsOf(source.name, sink.name, outcome);
      rows.push(...made);
      say(tableText(made));
      if (!isConvicted(outcome)) continue;
      for (const { report } of made) if (!report.ok) say(JSON.stringify(report.verdicts));
      say([...outcome.complaints, `the bridge said last:\n${outcome.bridgeLog}`].join('\n'));
    } catch (error) {
      // The pairs behind it have their turn all the same.
      say(`it broke off: ${error instanceof Error ? error.stack : String(error)}`);
    }
    failed.push(again);
    say(`CONVICTED; all logs: ${keep}; once more: ${again}`);
  }
  say(`\n${tableText(rows)}`);
  for (const again of failed) say(`CONVICTED: ${again}`);
  if (values.write !== undefined) writeTable(values.write, rows, commandFor(values.pair, seconds, seed));
  return failed.length === 0 ? 0 : 1;
}

function commandFor(pair: string, seconds: number, seed: number): string {
  const spool = values.spool ? ' --spool' : '';
  return `npm run chaos -- --pair ${pair} --class ${values.class} --seconds ${seconds} --seed ${seed}${spool}`;
}

interface Wanted {
  readonly classes: readonly TrafficClass[];
  readonly seconds: number;
  readonly seed: number;
  readonly keep: string;
}

async function one(source: Started, sink: Started, { seconds, ...wanted }: Wanted): Promise<ChaosOutcome> {
  const tell = (text: string): void => say(`   ${text}`);
  return runChaos({
    ...wanted,
    source,
    sink,
    route: values.spool ? SPOOL : {},
    lastsMs: seconds * 1000,
    // In a long run the faults would hide the numbers.
    tell: seconds > MANY_SECONDS ? () => {} : tell,
    tellNumbers: tell,
  });
}
