import type { JudgedEnd } from '../fields/field.ts';
import type { FindingList } from './finding-list.ts';
import { pointerTo } from '#kit/pointer.ts';

/** The headers of a dead letter give the reason for it: on a bus without headers the reason would be lost. */
export function checkDeadLetterBus(letters: JudgedEnd, findings: FindingList): void {
  if (findings.hasErrorWithin(letters.at) || letters.bus.sinkGuarantees(letters).carriesHeaders) return;
  findings.add({
    code: 'LETTERS_NEED_HEADERS',
    at: pointerTo(letters.at, 'bus'),
    expected: 'a bus that carries headers, for they say why each letter ended there',
    found: `a ${letters.bus.name} connection that carries none under these options`,
    write: 'another connection, or deadLetter: local',
  });
}
