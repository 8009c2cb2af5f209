/** Where a station is, as AIS sends it, in the units of track.v1. */
export interface Position {
  readonly mmsi: string;
  readonly kind: 'vessel' | 'aircraft';
  readonly latitude: number;
  readonly longitude: number;
  readonly altitudeM?: number;
  readonly speedMps?: number;
  readonly courseDeg?: number;
}

/** Where the fields of a message are, in bits from its begin. */
interface Layout {
  readonly bits: number;
  readonly kind: Position['kind'];
  /** Steps of speed in knots, and of angles in degrees. */
  readonly knots: number;
  readonly angle: number;
  readonly degrees: number;
  readonly speed: readonly [at: number, bits: number];
  readonly longitude: readonly [at: number, bits: number];
  readonly latitude: readonly [at: number, bits: number];
  readonly course: readonly [at: number, bits: number];
  readonly altitude?: readonly [at: number, bits: number];
}

const FINE = { knots: 0.1, angle: 1 / 600_000, degrees: 0.1 } as const;

const CLASS_A: Layout = {
  ...FINE,
  bits: 168,
  kind: 'vessel',
  speed: [50, 10],
  longitude: [61, 28],
  latitude: [89, 27],
  course: [116, 12],
};
const CLASS_B: Layout = {
  ...FINE,
  bits: 168,
  kind: 'vessel',
  speed: [46, 10],
  longitude: [57, 28],
  latitude: [85, 27],
  course: [112, 12],
};

/** The messages that hold the position of what moves (ITU-R M.1371), by type. */
const LAYOUTS: ReadonlyMap<number, Layout> = new Map([
  [1, CLASS_A],
  [2, CLASS_A],
  [3, CLASS_A],
  [9, { ...CLASS_A, kind: 'aircraft', knots: 1, altitude: [38, 12] }],
  [18, CLASS_B],
  [19, { ...CLASS_B, bits: 312 }],
  [
    27,
    {
      bits: 96,
      kind: 'vessel',
      knots: 1,
      angle: 1 / 600,
      degrees: 1,
      speed: [79, 6],
      longitude: [44, 18],
      latitude: [62, 17],
      course: [85, 9],
    },
  ],
]);

const MPS_OF_KNOT = 1852 / 3600;
/** 30 bits hold more. */
const GREATEST_MMSI = 999_999_999;

/** What a message says: a position, `none` with the reason where it says none, or `wrong`. */
export type Decoded = { readonly position: Position } | { readonly none: string } | { readonly wrong: string };

/** `payload`: the armoured text of all parts of one message. */
export function positionOf(payload: string, fillBits: number): Decoded {
  const bits = bitsOf(payload);
  const length = payload.length * 6 - fillBits;
  if (length < 38) return { wrong: `a message of ${length} bits` };
  const type = unsigned(bits, 0, 6);
  const layout = LAYOUTS.get(type);
  if (layout === undefined) return { none: `AIS message ${type} holds no position of a vessel or aircraft` };
  // Bits that a receiver has lost would be read as zeros: a position that nobody sent.
  if (length < layout.bits) return { wrong: `AIS message ${type} has ${length} bits of ${layout.bits}` };
  const mmsi = unsigned(bits, 8, 30);
  if (mmsi > GREATEST_MMSI) return { wrong: `AIS message ${type} has an MMSI of more than nine digits` };
  const longitude = signed(bits, ...layout.longitude) * layout.angle;
  const latitude = signed(bits, ...layout.latitude) * layout.angle;
  // 181 and 91 say "not available".
  if (Math.abs(longitude) > 180 || Math.abs(latitude) > 90) return { none: 'the position is not available' };
  const speed = known(unsigned(bits, ...layout.speed), layout.speed[1]);
  const course = unsigned(bits, ...layout.course) * layout.degrees;
  const altitude = layout.altitude && known(unsigned(bits, ...layout.altitude), layout.altitude[1]);
  return {
    position: {
      mmsi: String(mmsi).padStart(9, '0'),
      kind: layout.kind,
      latitude: rounded(latitude, 6),
      longitude: rounded(longitude, 6),
      ...(altitude !== undefined && { altitudeM: altitude }),
      ...(speed !== undefined && { speedMps: rounded(speed * layout.knots * MPS_OF_KNOT, 2) }),
      // 360 and more say "not available".
      ...(course < 360 && { courseDeg: rounded(course, 1) }),
    },
  };
}

/** The greatest value of a field says "not available". */
function known(value: number, bits: number): number | undefined {
  return value === 2 ** bits - 1 ? undefined : value;
}

/** Six bits of each character, the highest first. */
function bitsOf(payload: string): readonly number[] {
  return Array.from(payload).flatMap((character) => {
    const code = character.charCodeAt(0) - 48;
    const value = code > 40 ? code - 8 : code;
    return [5, 4, 3, 2, 1, 0].map((bit) => (value >> bit) & 1);
  });
}

function unsigned(bits: readonly number[], at: number, count: number): number {
  return bits.slice(at, at + count).reduce((value, bit) => value * 2 + bit, 0);
}

function signed(bits: readonly number[], at: number, count: number): number {
  const value = unsigned(bits, at, count);
  return bits[at] === 1 ? value - 2 ** count : value;
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
