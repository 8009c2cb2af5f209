import type { Measured, Task } from './worker.ts';

type Results = Readonly<Record<Task['maker'], readonly Measured[]>>;

/** The medians of one case, both makers beside each other, and every round behind them. */
export function reportText(title: string, results: Results): string {
  const middle = (maker: Task['maker'], what: keyof Measured): number => {
    const sorted = results[maker].map((one) => one[what]).toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  };
  const line = (what: keyof Measured, unit: string, digits: number): string => {
    const [hand, sluice] = [middle('hand', what), middle('sluice', what)];
    const all = (maker: Task['maker']): string => results[maker].map((one) => one[what].toFixed(digits)).join(' ');
    return `  ${unit.padEnd(18)} hand-written ${hand.toFixed(digits).padStart(8)}   sluice ${sluice.toFixed(digits).padStart(8)}   ratio ${(sluice / hand).toFixed(2)}   added ${(sluice - hand).toFixed(digits)}   (${all('hand')} | ${all('sluice')})`;
  };
  return `${title}\n${line('messagesPerSecond', 'messages/s', 0)}\n${line('cpuUsPerMessage', 'us CPU/message', 2)}\n${line('peakRssMb', 'MB peak RSS', 0)}\n`;
}
