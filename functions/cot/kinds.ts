/** The kinds of track.v1. */
export type Kind = 'vehicle' | 'vessel' | 'aircraft' | 'person';

/** The dimension and function of an atom's type, behind its affiliation: `a-f-S` is a friendly surface vessel. */
const OF_KIND: Readonly<Record<Kind, string>> = {
  vehicle: 'G-E-V',
  vessel: 'S',
  aircraft: 'A',
  person: 'G-U-C',
};

/** Friendly, hostile, neutral, unknown, pending, assumed friend, suspect. */
export const AFFILIATIONS: ReadonlySet<string> = new Set('fhnupas');

export function typeOf(kind: Kind, affiliation: string): string {
  return `a-${affiliation}-${OF_KIND[kind]}`;
}

/** The kind of an atom; undefined for an event that is none (`t-x-c-t`), and for a kind that track.v1 does not have. */
export function kindOf(type: string): Kind | undefined {
  if (/^a-[a-z]-A(-|$)/.test(type)) return 'aircraft';
  if (/^a-[a-z]-S(-|$)/.test(type)) return 'vessel';
  if (/^a-[a-z]-G-E-V(-|$)/.test(type)) return 'vehicle';
  return /^a-[a-z]-G-U(-|$)/.test(type) ? 'person' : undefined;
}

/** What Cursor on Target writes for a height or an error that is not known. */
export const UNKNOWN = 9_999_999;
