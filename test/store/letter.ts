import type { DeadLetter } from '../../runtime/contract/dead-letter.ts';
import { SluiceError } from '../../runtime/contract/errors.ts';

/** A dead letter with everything in it that a letter can have. */
export function letterForTest(more: Partial<DeadLetter> = {}): DeadLetter {
  return {
    pipeline: 'p',
    route: 'r',
    coordinates: 'field:7',
    id: 'p/r/field:7',
    key: 'unit a',
    frame: {
      address: 'in/a',
      key: 'a',
      headers: new Map([
        ['seclabel', ['S;REL=A']],
        ['via', ['one', 'two', '']],
        ['odd', ['"\u0000\n\u{1F600}']],
      ]),
      headerTypes: new Map([['odd', ['json']]]),
      body: Uint8Array.from({ length: 256 }, (_, n) => n),
      id: 'publisher-1',
      contentType: 'application/octet-stream',
      timestampMs: 1_700_000_000_000,
      stampedBy: 'server',
      expiresAtMs: 1_700_000_030_000.4,
    },
    label: 'S;REL=A',
    failure: new SluiceError('TRANSFORM_THREW', 'f threw Error: x', {
      place: { route: 'r', stage: 'function f', position: 'functions/f.ts:1:2', schema: 's.v1', pointer: '/a/0' },
      cause: 'Error: x\n    at functions/f.ts:1:2',
    }),
    attempts: 3,
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    receivedAtMs: 1_700_000_000_001,
    diedAtMs: 1_700_000_000_002,
    ...more,
  };
}
