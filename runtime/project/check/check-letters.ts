import type { JudgedEnd } from '../fields/field.ts';
import type { FindingList } from './finding-list.ts';
import { pointerTo } from '#kit/pointer.ts';

/** A dead letter says in its headers why it is one: a bus without headers would make riddles of them. */
export function checkLetterBus(letters: JudgedEnd, findings: FindingList): void {
  if (findings.hasErrorWithin(letters.at) || letters.bus.sinkGuarantees(letters).carriesHeaders) return;
  findings.add({
    code: 'LETTERS_NEED_HEADERS',
    at: pointerTo(letters.at, 'bus'),
    expected: 'a bus that carries headers, for they say why each letter ended there',
    found: `a ${letters.bus.name} connection that carries none under these options`,
    write: 'another connection, or deadLetter: local',
  });
}
