import type { Transform } from 'sluice';
import type { OwntracksLocationV1, TrackV1 } from '../schemas/types.d.ts';

const toTrack: Transform<OwntracksLocationV1, TrackV1> = ({ tid, tst, lat, lon, alt, vel, cog, batt }) => ({
  id: tid,
  kind: 'vehicle',
  time: new Date(tst * 1000).toISOString(),
  position: { latitude: lat, longitude: lon, ...(alt !== undefined && { altitudeM: alt }) },
  ...(vel !== undefined && { speedMps: Math.round((vel / 3.6) * 100) / 100 }),
  ...(cog !== undefined && { courseDeg: cog % 360 }),
  ...(batt !== undefined && { batteryRatio: batt / 100 }),
});

export default toTrack;
