import type { Transform } from 'sluice';

/** schemas/owntracks-location.v1.json */
export interface OwntracksLocation {
  readonly tid: string;
  readonly tst: number;
  readonly lat: number;
  readonly lon: number;
  readonly alt?: number;
  readonly vel?: number;
  readonly cog?: number;
  readonly batt?: number;
}

/** schemas/track.v1.json */
export interface Track {
  readonly id: string;
  readonly kind: 'vehicle';
  readonly time: string;
  readonly position: { readonly latitude: number; readonly longitude: number; readonly altitudeM?: number };
  readonly speedMps?: number;
  readonly courseDeg?: number;
  readonly batteryRatio?: number;
}

const toTrack: Transform<OwntracksLocation, Track> = ({ tid, tst, lat, lon, alt, vel, cog, batt }) => ({
  id: tid,
  kind: 'vehicle',
  time: new Date(tst * 1000).toISOString(),
  position: { latitude: lat, longitude: lon, ...(alt !== undefined && { altitudeM: alt }) },
  ...(vel !== undefined && { speedMps: Math.round((vel / 3.6) * 100) / 100 }),
  ...(cog !== undefined && { courseDeg: cog % 360 }),
  ...(batt !== undefined && { batteryRatio: batt / 100 }),
});

export default toTrack;
