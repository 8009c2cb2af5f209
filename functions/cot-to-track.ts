import { drop, reject, type Transform } from 'sluice';
import type { TrackV1 } from '../schemas/types.d.ts';
import { kindOf, UNKNOWN } from './cot/kinds.ts';
import { momentOf } from './cot/moment.ts';
import { elementsOf, RefusedXml } from './cot/xml.ts';

const PATHS = new Set(['event', 'event/point', 'event/detail/track', 'event/detail/status']);
/** An identifier of track.v1. */
const ID = /^[A-Za-z0-9-]{1,32}$/;
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$/;

/** One event of Cursor on Target 2.0 to track.v1. An event that is no atom (a ping, a drawing) is dropped. */
const toTrack: Transform<string, TrackV1> = (body) => {
  try {
    return trackOf(elementsOf(body, PATHS));
  } catch (thrown) {
    if (thrown instanceof RefusedXml) return reject(thrown.message);
    throw thrown;
  }
};

export default toTrack;

function trackOf(elements: ReturnType<typeof elementsOf>): TrackV1 | ReturnType<typeof drop> {
  const event = elements.get('event');
  const point = elements.get('event/point');
  if (event === undefined || point === undefined) return reject('no event with a point');
  const { type = '', uid = '', time = '', start = '', stale = '' } = event;
  if (Number(event['version']) !== 2) return reject('an event of a version that is not 2.0');
  if (!type.startsWith('a-')) return drop('the event is no atom: it says nothing of where something is');
  const kind = kindOf(type);
  if (kind === undefined) return reject('the type of the event is no kind of track.v1');
  if (!ID.test(uid)) return reject('the uid is no id of track.v1: 1 to 32 letters, digits and hyphens');
  const [timeMs, startMs, staleMs] = [time, start, stale].map(momentOf);
  if (timeMs === undefined || startMs === undefined || staleMs === undefined)
    return reject('time, start or stale is no date-time');
  if (staleMs < startMs) return reject('the event is stale before its start');
  const latitude = numberOf(point['lat'], -90, 90);
  const longitude = numberOf(point['lon'], -180, 180);
  const height = numberOf(point['hae'], -Infinity, Infinity);
  if (latitude === undefined || longitude === undefined || height === undefined)
    return reject('lat, lon or hae is no number within its bounds');
  const { speed, course } = elements.get('event/detail/track') ?? {};
  const { battery } = elements.get('event/detail/status') ?? {};
  // What the details say wrongly is left out: only the point is the position.
  const speedMps = numberOf(speed, 0, UNKNOWN - 1);
  const courseDeg = numberOf(course, 0, 360);
  const percent = numberOf(battery, 0, 100);
  return {
    id: uid,
    kind,
    time: new Date(timeMs).toISOString(),
    position: { latitude, longitude, ...(Math.abs(height) < UNKNOWN && { altitudeM: height }) },
    ...(speedMps !== undefined && { speedMps }),
    ...(courseDeg !== undefined && { courseDeg: courseDeg % 360 }),
    ...(percent !== undefined && { batteryRatio: percent / 100 }),
  };
}

function numberOf(text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined || !NUMBER.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) && value >= least && value <= most ? value : undefined;
}
