import { createHash } from 'node:crypto';
import type { Arrived, Outgoing } from '../brokers/test-bus.ts';
import type { Mark } from '../kill/judge.ts';

/** How long the messages of the matrix may live: nothing expires, and the time that is left is seen at the far side. */
export const LIFE_MS = 3_600_000;
export const CONTENT_TYPE = 'application/octet-stream';

/** Every part of it is to arrive. */
export type Sent = Mark & Required<Outgoing>;

/** `count` messages over `keys` keys, in turn, numbered from 1 within each. */
export function messages(keys: number, count: number): Sent[] {
  return Array.from({ length: count }, (_, at) =>
    messageOf({ key: `k${at % keys}`, number: 1 + Math.floor(at / keys) }),
  );
}

function messageOf(mark: Mark): Sent {
  const { key, number } = mark;
  return {
    ...mark,
    body: bodyOf(mark),
    id: `${key}-${number}`,
    contentType: CONTENT_TYPE,
    lifeMs: LIFE_MS,
    headers: new Map([
      ['seclabel', [number % 2 === 0 ? 'S;REL=A' : 'U']],
      ['traceparent', [`00-${digest(mark).toString('hex').slice(0, 32)}-b7ad6b7169203331-01`]],
      ['note', ['grün; 100 %']],
      ['repeated', ['b', 'a', 'b']],
    ]),
  };
}

function digest({ key, number }: Mark): Buffer {
  return createHash('sha256').update(`${key} ${number}`).digest();
}

/** The mark in text, then bytes of every kind. */
function bodyOf(mark: Mark): Buffer {
  const noise = digest(mark);
  return Buffer.concat([Buffer.from(`${mark.key} ${mark.number}\n`), noise, noise.subarray(0, mark.number % 32)]);
}

/** Whose it is; undefined where the body tells nothing. */
export function markOf({ body }: Arrived): Mark | undefined {
  const [, key, number] = /^(k\d+) (\d+)\n/.exec(body.toString('latin1')) ?? [];
  return key === undefined ? undefined : { key, number: Number(number) };
}
