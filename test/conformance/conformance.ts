import { after } from 'node:test';
import { serverTest, type Need } from '../harness/server-test.ts';
import type { ConformanceTest, Promises } from './conformance-test.ts';
import type { Fixture } from './fixture.ts';
import { ADDRESSES } from './tests/addresses.ts';
import { BOUNDS } from './tests/bounds.ts';
import { CARRIAGE } from './tests/carriage.ts';
import { CLOSING } from './tests/closing.ts';
import { COMPANY } from './tests/company.ts';
import { FULLNESS } from './tests/fullness.ts';
import { IDENTITY } from './tests/identity.ts';
import { ODD } from './tests/odd.ts';
import { OUTAGE } from './tests/outage.ts';
import { REFUSALS } from './tests/refusals.ts';
import { SEQUENCE } from './tests/sequence.ts';
import { SERVER } from './tests/server.ts';
import { SETTLEMENT } from './tests/settlement.ts';
import { TAIL } from './tests/log-recovery.ts';
import { WAY } from './tests/way.ts';

/** The conformance tests, by what they are about. Every bus is judged by all of them. */
export const FAMILIES: Readonly<Record<string, readonly ConformanceTest[]>> = {
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

export const CONFORMANCE_TESTS: readonly ConformanceTest[] = Object.values(FAMILIES).flat();

/** A bus under options that are to be judged. */
export interface Subject {
  readonly name: string;
  /** Of the harness; a test kills and configures servers, so the `...-process` ones. */
  readonly needs: readonly Need[];
  /** What the bus promises under the options that `arrange` uses. */
  readonly promises: Promises;
  /** Tests by name that this subject is not judged by, with the reason. */
  readonly excused?: Readonly<Record<string, string>>;
  /** A fresh fixture for one test. */
  arrange(): Promise<Fixture>;
}

/** What of a bus is judged. */
interface Judged {
  readonly subjects: readonly Subject[];
  /** Ends the servers that the subjects share. */
  readonly stop?: () => Promise<void>;
}

/** Why it is not judged by the test; undefined when it is. */
export function excuseOf(subject: Subject, { name, excludes }: ConformanceTest): string | undefined {
  return subject.excused?.[name] ?? excludes?.(subject.promises);
}

/** Declares every conformance test for one bus, or for one of its subjects. */
export function conformance({ subjects, stop }: Judged, only?: string): void {
  if (stop !== undefined) after(stop);
  for (const subject of subjects) if (only === undefined || subject.name === only) judge(subject);
}

function judge(subject: Subject): void {
  for (const each of CONFORMANCE_TESTS) {
    serverTest(`${subject.name}: ${each.sentence}`, { needs: subject.needs }, async (t) => {
      const reason = excuseOf(subject, each);
      if (reason !== undefined) return t.skip(reason);
      await using fixture = await subject.arrange();
      await each.judge(fixture);
    });
  }
}
