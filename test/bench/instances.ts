// `node test/bench/instances.ts [--case kafka] [--messages 600]`, see docs/scaling.md: how 1, 2 and 4 processes of one
// route share the work of each bus, what that does to the order, and what it costs. On real servers of its own.
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { busNamed } from '../brokers/all.ts';
import { CASES } from './instances/cases.ts';
import { type InstancesResult, runInstances } from './instances/run-instances.ts';

const { values } = parseArgs({
  options: {
    /** Part of the name of a bus: of these alone. */
    case: { type: 'string', multiple: true },
    messages: { type: 'string', default: '600' },
    processes: { type: 'string', default: '1,2,4' },
    /** Beyond it a core NATS source drops what it cannot keep: 256 times the window. */
    window: { type: 'string', default: '16' },
    /** Milliseconds that a function waits for each message, as for a service: processor time is not what is short. */
    wait: { type: 'string', multiple: true, default: ['200', '0'] },
  },
});
/** Without a wait ten times as many. */
const countOf = (wait: string): number => Number(values.messages) * (Number(wait) === 0 ? 10 : 1);
const window = Number(values.window);
const counts = values.processes.split(',').map(Number);
const chosen = CASES.filter(
  ({ name }) => values.case?.some((part) => name.toLowerCase().includes(part.toLowerCase())) ?? true,
);

process.stdout.write(`${cpus().length} cores, Node ${process.version}, load before: ${loadavg()[0]?.toFixed(1)}\n`);
process.stdout.write(
  '| source | wait | processes | messages/s | of one | lost | reordered | repeated | shares |\n|---|---|---|---|---|---|---|---|---|\n',
);
await using sink = await busNamed('jetstream').endpoints.start({ queued: countOf('0') + 1000 });
let runs = 0;
for (const kind of chosen) {
  await using source = await busNamed(kind.from).endpoints.start({ queued: countOf('0') + 1000 });
  for (const wait of values.wait) {
    let one: number | undefined;
    for (const processes of counts) {
      runs += 1;
      const count = countOf(wait);
      const task = { kind, source, sink, tag: `inst${runs}`, processes, count, waitMs: Number(wait), window };
      const result = await runInstances(task);
      one ??= result.perSecond;
      process.stdout.write(line(kind.name, `${wait} ms`, processes, result, one));
    }
  }
}
process.stdout.write(`load after: ${loadavg()[0]?.toFixed(1)}\n`);

function line(name: string, wait: string, processes: number, result: InstancesResult, one: number): string {
  const { perSecond, lost, reordered, repeated, shares } = result;
  const cells = [
    name,
    wait,
    processes,
    perSecond.toFixed(0),
    (perSecond / one).toFixed(2),
    lost,
    reordered,
    repeated,
    shares.join(', '),
  ];
  return `| ${cells.join(' | ')} |\n`;
}
