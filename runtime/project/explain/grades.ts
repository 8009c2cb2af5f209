import type { Guarantees } from '#contract/bus.ts';

/** Ack grades: the failures that a confirmed message survives. */
export const GRADES = ['G0', 'G1', 'G2', 'G3', 'G4'] as const;
export type Grade = (typeof GRADES)[number];

const OF_CONFIRMATION: Readonly<Record<Guarantees['confirms'], Grade>> = {
  sent: 'G0',
  received: 'G1',
  stored: 'G2',
  synced: 'G3',
  replicated: 'G4',
};

/** In an operator's words. */
export const GRADE_MEANS: Readonly<Record<Grade, string>> = {
  G0: 'nothing confirms it',
  G1: 'in the memory of a server: its crash loses it',
  G2: 'survives the crash of a server, not a power cut',
  G3: 'survives a power cut of one server',
  G4: 'survives the loss of a server',
};

/** The options that lift an end to a grade. */
export const GRADE_NEEDS: Readonly<Record<Grade, string>> = {
  G0: 'nothing',
  G1: 'a bus that confirms: qos: 1, or another bus',
  G2: 'a bus that stores before it confirms: jetstream, kafka, rabbitmq with persistent: true',
  G3: 'a bus that syncs its disk before it confirms: a quorum queue of rabbitmq (type: quorum), or grade: G3 at that end where its server is set up so (JetStream with sync_interval: always)',
  G4: 'grade: G4 at that end where its server is set up so: replicas on three servers, two of which must have it',
};

export function isBelow(one: Grade, other: Grade): boolean {
  return GRADES.indexOf(one) < GRADES.indexOf(other);
}

export function weaker(one: Grade, other: Grade): Grade {
  return isBelow(one, other) ? one : other;
}

/** The grade of the driver's guarantee, or the grade that the file states for the server where that is higher. */
export function gradeOf({ confirms }: Guarantees, stated: unknown): Grade {
  const known = OF_CONFIRMATION[confirms];
  const said = GRADES.find((grade) => grade === stated);
  return said === undefined || isBelow(said, known) ? known : said;
}
