import { type Html, html } from '../html.ts';

/** Steps of ten minutes. A shorter history stands at the right. */
const STEPS = 120;
const HEIGHT = 24;

/** A line of the last ten minutes, and the same in words. `unit`: behind its numbers. */
export function sparkline(name: string, values: readonly number[], unit: string): Html {
  const highest = Math.max(0, ...values);
  const last = values.at(-1) ?? 0;
  const words = values.length === 0 ? 'nothing yet' : `now ${last}${unit}, at most ${highest}${unit}`;
  const left = STEPS - values.length;
  const points = values.map(
    (value, at) => `${left + at},${HEIGHT - 1 - Math.round((value / (highest || 1)) * (HEIGHT - 2))}`,
  );
  return html`<figure class="spark">
    <figcaption>${name} <span class="quiet">${words}</span></figcaption>
    <svg viewBox="0 0 ${STEPS} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true" focusable="false">
      <polyline points="${points.join(' ')}" vector-effect="non-scaling-stroke" />
    </svg>
  </figure>`;
}
