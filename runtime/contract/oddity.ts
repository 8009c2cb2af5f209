import type { BusContext } from './bus.ts';
import { ODDITIES, type Oddity } from './oddity-codes.ts';

export type NoteOddity = (oddity: Oddity) => void;

/** Reports each oddity to the runtime, which counts them and logs the first. */
export function oddityNotes({ connection, report }: Pick<BusContext, 'connection' | 'report'>): NoteOddity {
  return (code) => report({ kind: 'notice', code, text: `${connection}: ${ODDITIES[code]}` });
}

/** For readers outside of a route. */
export const NOT_NOTED: NoteOddity = () => {};
