import type { Delivery } from '../../../runtime/contract/delivery.ts';
import type { Frame } from '../../../runtime/contract/frame.ts';
import type { Demand } from '../../../runtime/contract/source.ts';
import type { SpoolSource } from '../../../runtime/store/spool/spool-source.ts';
import { frameForTest } from '../../engine/route-for-test.ts';

export const MUCH: Demand = { messages: 1000, bytes: 1e9 };

export function frames(...bodies: readonly string[]): Frame[] {
  return bodies.map((text) => frameForTest('in/a', text));
}

export const textOf = ({ frame }: Delivery): string => Buffer.from(frame.body ?? []).toString();

/** Reads until `count` were lent; what is lent is settled by the caller. */
export async function lent(spool: SpoolSource, count: number, room = MUCH): Promise<Delivery[]> {
  const all: Delivery[] = [];
  const { signal } = new AbortController();
  while (all.length < count)
    all.push(...(await spool.read({ ...room, messages: Math.min(room.messages, count - all.length) }, signal)));
  return all;
}

/** Lets the intake work, and lends one. */
export async function begun(spool: SpoolSource): Promise<Delivery | undefined> {
  return (await lent(spool, 1))[0];
}
