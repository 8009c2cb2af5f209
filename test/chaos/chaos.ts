import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { TrafficClass } from '../../runtime/contract/traffic-class.ts';
import { seedOfRun } from '../kill/random.ts';
import { type ChaosOutcome, runChaos } from './chaos-run.ts';
import { classesNamed, SPOOL } from './classes.ts';
import type { CornerKind } from './corner.ts';
import { cornerKinds } from './corners.ts';
import { pairsOf } from './pairs.ts';
import { type Row, rowsOf, tableText, writeTable } from './table.ts';

const USAGE = `usage: npm run chaos -- [--pair mqtt:jetstream|all] [--class event|all] [--minutes 5 | --seconds 20] [--seed 7] [--spool] [--write docs/guarantees.md] [--log FILE]

Runs a bridge between real servers, breaks everything in turn, and has what arrived judged by the checker of \`sluice verify\`.
--spool puts a spool before the stages of each route. --write puts the table of verdicts into that page.
`;

const { values } = parseArgs({
  options: {
    pair: { type: 'string', default: 'all' },
    class: { type: 'string', default: 'all' },
    minutes: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    spool: { type: 'boolean', default: false },
    write: { type: 'string' },
    log: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const say = (text: string): void => void process.stdout.write(`${text}\n`);

if (values.help) say(USAGE);
else process.exitCode = await main();

async function main(): Promise<number> {
  await using servers = new AsyncDisposableStack();
  const classes = classesNamed(values.class);
  const pairs = pairsOf(cornerKinds(servers), values.pair);
  const seconds = values.seconds === undefined ? Number(values.minutes ?? 5) * 60 : Number(values.seconds);
  if (!(seconds > 0)) throw new Error(USAGE);
  const seed = values.seed === undefined ? seedOfRun() : Number(values.seed);
  const rows: Row[] = [];
  const failed: string[] = [];
  for (const [source, sink] of pairs) {
    say(`== ${source.bus} to ${sink.bus}, ${classes.join(', ')}, ${seconds} s, seed ${seed}`);
    const outcome = await one(source, sink, classes, seconds, seed);
    const made = rowsOf(source.bus, sink.bus, outcome);
    rows.push(...made);
    say(tableText(made));
    const { complaints, bridgeLog } = outcome;
    if (complaints.length === 0 && made.every(({ report }) => report.ok)) continue;
    const again = `npm run chaos -- --pair ${source.bus}:${sink.bus} --class ${values.class} --seconds ${seconds} --seed ${seed}${values.spool ? ' --spool' : ''}`;
    failed.push(again);
    for (const { report } of made) if (!report.ok) say(JSON.stringify(report.verdicts));
    say([...complaints, `the bridge said last:\n${bridgeLog}`, `CONVICTED; once more: ${again}`].join('\n'));
    if (values.log !== undefined) writeFileSync(values.log, bridgeLog);
  }
  say(`\n${tableText(rows)}`);
  for (const again of failed) say(`CONVICTED: ${again}`);
  const given = `npm run chaos -- --pair ${values.pair} --class ${values.class} --seconds ${seconds} --seed ${seed}${values.spool ? ' --spool' : ''}`;
  if (values.write !== undefined) writeTable(values.write, rows, given);
  return failed.length === 0 ? 0 : 1;
}

async function one(
  source: CornerKind,
  sink: CornerKind,
  classes: readonly TrafficClass[],
  seconds: number,
  seed: number,
): Promise<ChaosOutcome> {
  const [near, far] = [await source.open(), await sink.open()];
  return runChaos({
    source: { bus: source.bus, corner: near },
    sink: { bus: sink.bus, corner: far },
    classes,
    route: values.spool ? SPOOL : {},
    lastsMs: seconds * 1000,
    seed,
    tell: (text) => say(`   ${text}`),
  });
}
