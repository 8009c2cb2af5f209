// Made by `sluice types` of the schemas beside it. `sluice check` compares it with them.

/** What a unit is told to do */
export interface OrderV1 {
  id: string;
  unit: string;
  task: "proceed" | "hold" | "return";
  issuedAt: string;
}

/** A position report as OwnTracks clients send it */
export interface OwntracksLocationV1 {
  _type: "location";
  /** Tracker id. */
  tid: string;
  /** Time of the fix, in seconds since 1970 (UTC). */
  tst: number;
  lat: number;
  lon: number;
  /** Metres above sea level. */
  alt?: number;
  /** Kilometres an hour. */
  vel?: number;
  /** Course over ground, in degrees. */
  cog?: number;
  /** Per cent. */
  batt?: number;
}

/** Where something is: the canonical form of every position */
export interface TrackV1 {
  id: string;
  kind: "vehicle" | "vessel" | "aircraft" | "person";
  time: string;
  position: {
    latitude: number;
    longitude: number;
    altitudeM?: number;
  };
  speedMps?: number;
  courseDeg?: number;
  batteryRatio?: number;
}

export type Order = OrderV1;
export type OwntracksLocation = OwntracksLocationV1;
export type Track = TrackV1;
