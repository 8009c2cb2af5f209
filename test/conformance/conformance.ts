import { law, type Need } from '../harness/law.ts';
import type { ConformanceLaw, Promises } from './conformance-law.ts';
import type { Ground } from './ground.ts';
import { ADDRESSES } from './laws/addresses.ts';
import { BOUNDS } from './laws/bounds.ts';
import { CARRIAGE } from './laws/carriage.ts';
import { CLOSING } from './laws/closing.ts';
import { COMPANY } from './laws/company.ts';
import { FULLNESS } from './laws/fullness.ts';
import { IDENTITY } from './laws/identity.ts';
import { ODD } from './laws/odd.ts';
import { OUTAGE } from './laws/outage.ts';
import { REFUSALS } from './laws/refusals.ts';
import { SEQUENCE } from './laws/sequence.ts';
import { SERVER } from './laws/server.ts';
import { SETTLEMENT } from './laws/settlement.ts';
import { TAIL } from './laws/log-recovery.ts';
import { WAY } from './laws/way.ts';

/** The laws of the contract, for every bus, by what they are about. */
export const FAMILIES: Readonly<Record<string, readonly ConformanceLaw[]>> = {
  'What is carried': CARRIAGE,
  Addresses: ADDRESSES,
  'What is settled': SETTLEMENT,
  Bounds: BOUNDS,
  Order: SEQUENCE,
  'What was written before': TAIL,
  'The server goes and comes': OUTAGE,
  'The server under load': SERVER,
  'The way to the server': WAY,
  'Messages that are refused': REFUSALS,
  'Messages that are odd': ODD,
  Identity: IDENTITY,
  'A server without room': FULLNESS,
  Company: COMPANY,
  'Closing and giving up': CLOSING,
};

export const LAWS: readonly ConformanceLaw[] = Object.values(FAMILIES).flat();

/** A bus under options that are to be judged. */
export interface Subject {
  readonly name: string;
  /** Of the harness; a law kills and configures servers, so the `...-process` ones. */
  readonly needs: readonly Need[];
  /** What the bus promises under the options that `arrange` uses. */
  readonly promises: Promises;
  /** Laws by name that this subject is not judged by, with the reason. */
  readonly excused?: Readonly<Record<string, string>>;
  /** A fresh ground for one law. */
  arrange(): Promise<Ground>;
}

/** Why it is not judged by the law; undefined when it is. */
export function excuseOf(subject: Subject, { name, excludes }: ConformanceLaw): string | undefined {
  return subject.excused?.[name] ?? excludes?.(subject.promises);
}

/** Declares a test for every law. */
export function conformance(subject: Subject): void {
  for (const each of LAWS) {
    law(`${subject.name}: ${each.sentence}`, { needs: subject.needs }, async (t) => {
      const reason = excuseOf(subject, each);
      if (reason !== undefined) return t.skip(reason);
      await using ground = await subject.arrange();
      await each.judge(ground);
    });
  }
}
