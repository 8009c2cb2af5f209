import { reject, type Transform } from 'sluice';
import type { TrackV1 } from '../schemas/types.d.ts';
import { AFFILIATIONS, typeOf, UNKNOWN } from './cot/kinds.ts';
import { element } from './cot/xml.ts';

interface Options {
  /** `f` friendly, `h` hostile, `n` neutral, `u` unknown and the others of the standard; `u` by default. */
  readonly affiliation?: string;
  /** Seconds after its time for which a position is shown; 300 by default. */
  readonly staleAfter?: number;
}

const STALE_AFTER_S = 300;

/**
 * track.v1 to one event of Cursor on Target 2.0. The height goes out as `hae` unchanged: track.v1 does not say above what it is.
 * The errors of the position (`ce`, `le`) are unknown.
 */
const toCot: Transform<TrackV1, string> = (track, context) => {
  const { affiliation = 'u', staleAfter = STALE_AFTER_S } = context.options as Options;
  if (!AFFILIATIONS.has(affiliation))
    throw new Error(`expected an affiliation (f, h, n, u, p, a, s), found ${affiliation}`);
  const timeMs = Date.parse(track.time);
  // The format date-time has leap seconds, which a Date has not.
  if (Number.isNaN(timeMs)) return reject('the time is none that a Date holds');
  const time = new Date(timeMs).toISOString();
  const { latitude, longitude, altitudeM = UNKNOWN } = track.position;
  const event = {
    version: '2.0',
    uid: track.id,
    type: typeOf(track.kind, affiliation),
    how: 'm-g',
    time,
    start: time,
    stale: new Date(timeMs + staleAfter * 1000).toISOString(),
  };
  const point = {
    lat: number(latitude),
    lon: number(longitude),
    hae: number(altitudeM),
    ce: number(UNKNOWN),
    le: number(UNKNOWN),
  };
  const { speedMps, courseDeg, batteryRatio } = track;
  const motion = {
    ...(courseDeg !== undefined && { course: number(courseDeg) }),
    ...(speedMps !== undefined && { speed: number(speedMps) }),
  };
  const detail = [
    ...(Object.keys(motion).length > 0 ? [element('track', motion)] : []),
    // A whole number of per cent, as receivers of the status expect.
    ...(batteryRatio === undefined ? [] : [element('status', { battery: String(Math.round(batteryRatio * 100)) })]),
  ];
  const open = element('event', event).replace(/\/>$/, '>');
  return `<?xml version="1.0" encoding="UTF-8"?>\n${open}${element('point', point)}<detail>${detail.join('')}</detail></event>`;
};

export default toCot;

/** With a decimal point, as the schema of events demands (`9999999.0`). */
function number(value: number): string {
  const text = String(value);
  return Number.isInteger(value) && !text.includes('e') ? `${text}.0` : text;
}
