import type { Receipt } from '../../runtime/contract/sink.ts';
import { frameForTest, settleNow } from './route-for-test.ts';
import { sinkThat } from './started-route.ts';

/** Messages of one key, from 1. */
export const numbered = (count: number, key = 'k') =>
  Array.from({ length: count }, (_, at) => frameForTest(`${key}/x`, String(at + 1)));
/** All of them, accepted. */
export const accepted = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`s:${at + 1}`, 'accept']));

/** A sink whose confirmations wait for `confirm`. */
export function patientSink() {
  const waiting: (() => void)[] = [];
  const sink = sinkThat(() => new Promise<Receipt>((resolve) => waiting.push(() => resolve('confirmed'))));
  const confirm = async (): Promise<void> => {
    for (const one of waiting.splice(0)) one();
    await settleNow();
  };
  return { sink, confirm };
}
