import type { Frame } from '../../runtime/contract/frame.ts';
import { labelOf } from '../../runtime/contract/label.ts';
import { frameForTest } from '../harness/test-frame.ts';
import { labelRulesForTest } from '../labels/label-rules.ts';

const MESSAGES = 2000;
const ROUNDS = 300;
const HIGHEST = 'TS;SCD=ATOMAL,BOHEMIA,CRYPTO;DIS=EXCLUSIVE,LOGISTICS,ORCON;REL=!';
/** As many as a busy bridge sees: eight labels, some of which are not in the order of what the bridge writes. */
const LABELS = ['U', 'R;REL=POL,DEU', 'C', 'S', 'S;REL=USA,GBR', 'S;REL=FVEY', 'S;SCD=ATOMAL;REL=USA', 'TS'];

/** In microseconds a message. */
export interface LabelCost {
  /** A label that is carried and not judged: its text is looked at. */
  readonly carried: number;
  /** By a policy: the label read, its range judged, and the ceiling of the sink. */
  readonly judged: number;
}

/** Measures both in turns, round by round, so that a slow moment of the machine meets each. The fastest round counts. */
export function measureLabels(): LabelCost {
  const { labels, ceiling } = labelRulesForTest(HIGHEST);
  const ways: Readonly<Record<keyof LabelCost, (frame: Frame) => void>> = {
    carried(frame) {
      if (labelOf(frame) === undefined) throw new Error('no label');
    },
    judged(frame) {
      const label = labels.labelOf(frame, 0);
      const refusal = labels.outOfRange(label) ?? ceiling.refusal(label);
      if (refusal !== undefined) throw refusal;
    },
  };
  const best = { carried: Infinity, judged: Infinity };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const way of Object.keys(ways) as (keyof LabelCost)[]) {
      // Texts that nothing has looked at before, as a driver makes them of the bytes of each message.
      const frames = Array.from({ length: MESSAGES }, (_, number) => frameWith(LABELS[number % LABELS.length] ?? ''));
      const startMs = performance.now();
      for (const frame of frames) ways[way](frame);
      best[way] = Math.min(best[way], ((performance.now() - startMs) / MESSAGES) * 1000);
    }
  }
  return best;
}

function frameWith(label: string): Frame {
  const text = Buffer.from(`1;p=urn:demo:ops;c=${label}`).toString();
  return { ...frameForTest('in/a', ''), headers: new Map([['seclabel', [text]]]) };
}

if (import.meta.main) {
  const { carried, judged } = measureLabels();
  process.stdout.write(`carried ${carried.toFixed(3)} us, judged ${judged.toFixed(3)} us a message\n`);
}
