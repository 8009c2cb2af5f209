import type { AccessComparison } from '#contract/access.ts';
import type { CheckLine } from '#contract/doctor.ts';
import type { AdviceReport } from '../advise/advice-json.ts';
import type { ConnectionReport } from '../host/doctor/examine.ts';
import type { ApprovalStatement } from '../guards/approval.ts';
import type { Status } from '../admin/status/status.ts';
import type { Finding } from '../project/check/findings.ts';
import type { RouteExplanation } from '../project/explain/explain-route.ts';
import type { Comparison } from '../project/schemas/evolution/compare.ts';
import type { LetterSummary } from '../store/dead-letters/stored-letter.ts';
import type { LetterCause } from '../verify/run-dead-letters.ts';
import type { Report } from '../verify/verdicts.ts';
import type { Guarantees } from '#contract/bus.ts';
import type { GoldenDifference } from '../rehearsal/trial/golden.ts';
import type { Trial } from '../rehearsal/trial/trial.ts';
import type { ReplayReport } from './replay-report.ts';
import type { WrittenTarget } from './deploy/write-deployment.ts';

/** What was asked for could not be done. */
export interface Failure {
  readonly ok: false;
  readonly error: {
    /** Of docs/errors.md. */
    readonly code: string;
    readonly message: string;
    /** What to do, as a sentence. */
    readonly remedy: string;
  };
}

/** All that is wrong with a pipeline, its functions and its schemas. `ok`: none of it is an error. */
export interface Findings {
  readonly ok: boolean;
  readonly findings: readonly Finding[];
}

export interface Explanation {
  readonly ok: true;
  readonly routes: readonly RouteExplanation[];
}

/** `ok`: there is no difference. */
export interface AccessReport extends AccessComparison {
  readonly ok: boolean;
}

/** `ok`: no line is an error. */
export interface DoctorReport {
  readonly ok: boolean;
  readonly connections: readonly ConnectionReport[];
  /** Of this machine. */
  readonly machine: readonly CheckLine[];
}

export interface WaitingMessages {
  readonly ok: true;
  readonly folder: string;
  readonly waiting: readonly WaitingMessage[];
}

export interface WaitingMessage extends ApprovalStatement {
  /** What would leave. */
  readonly body: unknown;
  /** Principals whose signature holds. */
  readonly signedBy: readonly string[];
  /** Why it cannot be approved. */
  readonly flaw?: string;
}

/** `ok`: no line was edited, removed, moved or doubled. */
export interface AuditReport {
  readonly ok: boolean;
  readonly file: string;
  readonly records: number;
  /** Number and hash of the last good record: SEQ:HASH. */
  readonly end: string;
  /** Of the first bad line, from 1. */
  readonly line?: number;
  readonly why?: string;
}

/** A dead letter without its frame. Times are RFC 3339. */
export interface Letter extends Omit<LetterSummary, 'receivedAtMs' | 'diedAtMs'> {
  readonly receivedAt: string | undefined;
  readonly diedAt: string | undefined;
}

/** A dead letter with its frame. */
export interface WholeLetter extends Letter {
  /** The id that its publisher gave it. */
  readonly publisherId: string | undefined;
  readonly contentType: string | undefined;
  readonly timestamp: string | undefined;
  readonly expiresAt: string | undefined;
  readonly headers: readonly (readonly [name: string, values: readonly string[]])[];
  readonly headerTypes: readonly (readonly [name: string, types: readonly string[]])[] | undefined;
  /** Base64; null where it had none. */
  readonly body: string | null;
}

export interface LetterList {
  readonly ok: true;
  readonly folder: string;
  /** Letters that the filters take; `letters` has the last of them. */
  readonly total: number;
  /** Letters that are left out, for their label is above the clearance. */
  readonly aboveClearance?: number;
  readonly letters: readonly Letter[];
}

/** `ok`: each number was found and may be shown. */
export interface ShownLetters {
  readonly ok: boolean;
  readonly folder: string;
  readonly letters: readonly WholeLetter[];
  /** Numbers of which there is no letter. */
  readonly missing: readonly number[];
  /** Numbers of letters above the clearance. */
  readonly denied: readonly number[];
}

/** `ok`: each of them went through. */
export interface LetterReplay {
  readonly ok: boolean;
  readonly folder: string;
  readonly wentThrough: number;
  readonly failed: number;
  readonly underWay: number;
  /** Why it ended before all letters had ended. */
  readonly why?: string | undefined;
  /** The first of those that failed. */
  readonly failures: readonly Letter[];
}

/** `ok`: they are gone, or there were none. */
export interface LetterDiscard {
  readonly ok: boolean;
  readonly folder: string;
  readonly selected: number;
  readonly discarded: number;
  readonly kept: number;
}

type Direction = 'backward' | 'forward';

/** `ok`: compatible in each direction that is demanded. */
export interface SchemaComparison extends Comparison {
  readonly ok: boolean;
  readonly demanded: readonly Direction[];
}

export interface SchemaComparisons {
  readonly ok: boolean;
  readonly against: string;
  readonly demanded: readonly Direction[];
  readonly schemas: readonly SchemaOutcome[];
}

/** What is said of one schema. */
export type SchemaOutcome =
  | { readonly name: string; readonly state: 'new' | 'removed' }
  | { readonly name: string; readonly state: 'broken' | 'was-broken'; readonly findings: readonly Finding[] }
  | ({ readonly name: string; readonly state: 'compared' } & Comparison);

/** `ok`: judged, without a violation. */
export interface Verification extends Report {
  readonly letters: {
    readonly causes: readonly LetterCause[];
    /** Dead letters of the check that were removed again. */
    readonly removed: number;
  };
}

/** A running pipeline could not be asked. */
export interface Unanswered {
  readonly error: { readonly code: string; readonly text: string };
}

/** A bundle, and the files that were written beside it. */
export interface BuildReport {
  readonly ok: true;
  readonly bundle: { readonly file: string; readonly manifest: string; readonly bytes: number };
  readonly targets: readonly WrittenTarget[];
}

/** `ok`: every message was confirmed. */
export interface SendReport {
  readonly ok: boolean;
  readonly sent: number;
  readonly confirmed: number;
  /** Confirmed, and removed by the bus for it had the id already. */
  readonly duplicates: number;
  /** Handed over without an answer: they may arrive or not. */
  readonly unknown: number;
  readonly confirms: Guarantees['confirms'];
  readonly bus: string;
  readonly connection: string;
  readonly address: string | undefined;
  readonly error?: Failure['error'] & { readonly atMessage: number };
}

/** One message, as `sluice send --file` and `sluice try --in` read it. It has one of `body`, `text` and `base64`. */
export interface TailedMessage {
  /** RFC 3339: the time that the bus states, or that of the reading. */
  readonly time: string;
  readonly address: string;
  readonly key?: string;
  readonly label?: string;
  readonly id?: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly expires?: string;
  readonly retained?: true;
  readonly body?: unknown;
  readonly text?: string;
  /** Null: there is no body. */
  readonly base64?: string | null;
}

/** A project that `new` has written. */
export interface NewProject {
  readonly ok: true;
  readonly folder: string;
  /** Path of the pipeline file in the folder. */
  readonly pipeline: string;
  readonly files: readonly string[];
}

/** A server that `infra` has started. */
export interface InfraServerReport {
  readonly name: string;
  readonly pid: number | undefined;
  readonly ports: Readonly<Record<string, number>>;
  readonly folder: string;
  readonly urls: readonly string[];
}

export interface InfraServers {
  readonly ok: true;
  readonly servers: readonly InfraServerReport[];
}

export interface InfraEnded {
  readonly ok: true;
  readonly ended: readonly string[];
}

/** `ok`: the golden results do not differ, or there are none. */
export interface TrialReport extends Trial {
  readonly ok: boolean;
  readonly golden?: GoldenDifference;
}

/** `ok`: it has finished, and left no dead letter. */
export interface ReplayOutcome extends ReplayReport {
  readonly ok: boolean;
}

/** What `replay --dry-run` finds. */
export interface ReplayRange extends Pick<ReplayReport, 'pipeline' | 'route' | 'id' | 'from' | 'to' | 'range'> {
  readonly ok: true;
  /** What is to be known before it is sent, a sentence each. */
  readonly notices: readonly string[];
}

export interface ReplayAbandoned extends Pick<ReplayReport, 'pipeline' | 'route' | 'id'> {
  readonly ok: true;
  readonly wasThere: boolean;
}

/**
 * What each command prints with `--json`: one object, or one a line where it goes on. `schemas/command-output.schema.json` is made of
 * these types. A later version adds fields; it removes none.
 */
export interface CommandOutput {
  readonly acl: AccessReport | Findings | Failure;
  readonly advise: AdviceReport | Findings;
  readonly approve: WaitingMessages;
  readonly audit: AuditReport;
  readonly build: BuildReport | Findings;
  readonly check: Findings;
  readonly doctor: DoctorReport | Findings;
  readonly dlq: LetterList | ShownLetters | LetterReplay | LetterDiscard | Failure;
  readonly explain: Explanation | Findings;
  readonly infra: InfraServers | InfraEnded | Failure;
  readonly new: NewProject;
  readonly replay: ReplayOutcome | ReplayRange | ReplayAbandoned | Findings | Failure;
  readonly schema: SchemaComparison | SchemaComparisons;
  readonly send: SendReport | Findings;
  readonly status: Status;
  readonly tail: TailedMessage | Findings | Failure;
  readonly top: Status | Unanswered;
  readonly try: TrialReport | Findings | Failure;
  readonly verify: Verification | Findings | Failure;
}

/** Prints what a command answers, as one line. */
export function printJson<Word extends keyof CommandOutput>(word: Word, value: CommandOutput[Word]): void {
  process.stdout.write(jsonLine(word, value));
}

/** The same as a text. `replaced`: as JSON.stringify takes it. */
export function jsonLine<Word extends keyof CommandOutput>(
  _word: Word,
  value: CommandOutput[Word],
  replaced?: (name: string, value: unknown) => unknown,
): string {
  return `${JSON.stringify(value, replaced)}\n`;
}
