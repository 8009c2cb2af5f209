import type { Measured, Task } from './worker.ts';

type Maker = Task['maker'];
type Results = Readonly<Record<Maker, readonly Measured[]>>;

const NAMES: Readonly<Record<Maker, string>> = { hand: 'hand-written', sluice: 'sluice' };
const ROWS = [
  { what: 'messagesPerSecond', unit: 'messages/s', digits: 0 },
  { what: 'cpuUsPerMessage', unit: 'us CPU/message', digits: 2 },
  { what: 'peakRssMb', unit: 'MB peak RSS', digits: 0 },
] as const;

/** The medians of one case, both makers beside each other, and every round behind them. */
export function reportText(title: string, results: Results): string {
  const ran = (['hand', 'sluice'] as const).filter((maker) => results[maker].length > 0);
  const rows = ROWS.map(({ what, unit, digits }) => {
    const middles = ran.map((maker) => middle(results[maker].map((one) => one[what])));
    const columns = ran.map((maker, at) => `${NAMES[maker]} ${middles[at]?.toFixed(digits).padStart(8)}`);
    const [hand, sluice] = middles;
    if (hand !== undefined && sluice !== undefined) {
      columns.push(`ratio ${(sluice / hand).toFixed(2)}`, `added ${(sluice - hand).toFixed(digits)}`);
    }
    const rounds = ran.map((maker) => results[maker].map((one) => one[what].toFixed(digits)).join(' '));
    return `  ${unit.padEnd(14)}   ${columns.join('   ')}   (${rounds.join(' | ')})\n`;
  });
  return `${title}\n${rows.join('')}`;
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
