/** The steps in the life of a message at which a process can be killed, in their order. */
export const STEPS = [
  'read',
  'stage',
  'passed',
  'before send',
  'sent, not confirmed',
  'confirmed',
  'before its id is recorded',
  'its id is recorded',
  'before its dead letter',
  'its dead letter is durable',
  'before settling',
  'settled',
] as const;

export type Step = (typeof STEPS)[number];

/** One message at one step. */
export interface Moment {
  readonly step: Step;
  readonly route: string;
  /** The message's id: that of its delivery, or of what was made of it. */
  readonly id: string;
  /** The stage or sink of the step. */
  readonly at?: string | undefined;
}

/** Called at each step of each message. It may end the life of the process. */
export type Probe = (moment: Moment) => void;

/** One life of the process. What belongs to a dead one has no effect any more. */
export interface Life {
  isOver: boolean;
}

/** What a dead process waits for. */
export function never(): Promise<never> {
  return new Promise(() => {});
}
