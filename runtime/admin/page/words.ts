import type { StateWord } from '../status/status.ts';
import { type Html, html } from '../html.ts';

/** A count as people read it: `12,345`. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** `0/s`, `4.2/s`, `1,204/s`. */
export function perSecond(value: number): string {
  return `${value >= 10 || value === 0 ? count(Math.round(value)) : value.toFixed(1)}/s`;
}

/** `0.4 ms`, `12 ms`, `3.2 s`, `4 min`. */
export function time(seconds: number): string {
  if (seconds < 0.01) return `${(seconds * 1000).toFixed(1)} ms`;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KiB`;
  return bytes < 1024 ** 3 ? `${(bytes / 1024 ** 2).toFixed(1)} MiB` : `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}

/** `2026-11-28 12:00:05`, of an RFC 3339 text in UTC. */
export function moment(at: string): string {
  return at.replace('T', ' ').slice(0, 19);
}

const MARKS: Readonly<Record<StateWord, string>> = { ok: '●', degraded: '▲', down: '✖' };

/** The word and its mark: a colour alone says nothing to those who do not see it. */
export function badge(state: StateWord): Html {
  return html`<span class="badge ${state}"><span aria-hidden="true">${MARKS[state]}</span> ${state}</span>`;
}

/** A link into Jaeger. Nothing where no address is named, or where the id is none. */
export function traceLink(traceUrl: string | undefined, traceId: string | undefined): Html | undefined {
  if (traceUrl === undefined || traceId === undefined || !/^[0-9a-f]{32}$/.test(traceId)) return undefined;
  return html`<a href="${traceUrl}/trace/${traceId}" rel="noreferrer">trace ${traceId.slice(0, 8)}</a>`;
}
