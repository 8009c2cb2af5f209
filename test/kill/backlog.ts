import type { Mark } from './judge.ts';

/** In a row of one key. Many keys in turn would hide that two messages changed places. */
const BURST = 25;

/** `total` messages, in bursts of one key after the other. */
export function* backlog(keys: number, total: number): Generator<Mark> {
  for (let sent = 0; sent < total; sent += 1) {
    const burst = Math.floor(sent / BURST);
    const number = Math.floor(burst / keys) * BURST + (sent % BURST) + 1;
    yield { key: `unit-${burst % keys}`, number };
  }
}

/** A report as a unit sends it. */
export function reportOf({ key, number }: Mark): string {
  const lat = Number((48 + (number % 1000) / 1000).toFixed(3));
  return JSON.stringify({ unit: key, n: number, lat, lon: 11.5, kmh: number % 130 });
}
