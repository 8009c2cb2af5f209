import { reject, type Transform } from 'sluice';
import type { TrackV1 } from '../schemas/types.d.ts';
import { decimal } from './cot/decimal.ts';
import { AFFILIATIONS, typeOf, UNKNOWN } from './cot/kinds.ts';
import { momentText } from './cot/moment.ts';
import { element } from './cot/xml.ts';

interface Options {
  /** `f` friendly, `h` hostile, `n` neutral, `u` unknown and the others of the standard; `u` by default. */
  readonly affiliation?: string;
  /** Seconds after its time for which a position is shown, up to a year; 300 by default. */
  readonly staleAfter?: number;
}

const STALE_AFTER_S = 300;
const LONGEST_S = 31_536_000;

/**
 * track.v1 to one event of Cursor on Target 2.0. The height goes out as `hae` unchanged: track.v1 does not say above what it is.
 * The errors of the position (`ce`, `le`) are unknown.
 */
const toCot: Transform<TrackV1, string> = (track, context) => {
  const { affiliation = 'u', staleAfter = STALE_AFTER_S } = context.options as Options;
  if (!AFFILIATIONS.has(affiliation))
    throw new Error(`expected an affiliation (f, h, n, u, p, a, s), found ${affiliation}`);
  if (typeof staleAfter !== 'number' || !(staleAfter >= 0 && staleAfter <= LONGEST_S))
    throw new Error(`expected staleAfter in seconds, from 0 to ${LONGEST_S}, found ${staleAfter}`);
  const timeMs = Date.parse(track.time);
  // The format date-time has leap seconds, which a Date has not.
  if (Number.isNaN(timeMs)) return reject('the time is none that a Date holds');
  const time = momentText(timeMs);
  const { latitude, longitude, altitudeM = UNKNOWN } = track.position;
  const event = {
    version: '2.0',
    uid: track.id,
    type: typeOf(track.kind, affiliation),
    how: 'm-g',
    time,
    start: time,
    stale: momentText(timeMs + staleAfter * 1000),
  };
  const point = {
    lat: decimal(latitude),
    lon: decimal(longitude),
    hae: decimal(altitudeM),
    ce: decimal(UNKNOWN),
    le: decimal(UNKNOWN),
  };
  const { speedMps, courseDeg, batteryRatio } = track;
  const motion = {
    ...(courseDeg !== undefined && { course: decimal(courseDeg) }),
    ...(speedMps !== undefined && { speed: decimal(speedMps) }),
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
