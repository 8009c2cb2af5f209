import type { TrafficClass } from '#contract/traffic-class.ts';

/** Every way in which a bridge can break its promises, and the messages that count. */
export const VERDICTS = {
  lost: 'sent, confirmed by the first bus, and never arrived',
  duplicated: 'arrived once more than the class allows',
  reordered: 'arrived for the first time behind a newer one of its key (event, audit)',
  'stale-overtake': 'an older one arrived behind a newer one of its key, duplicates included (telemetry, command)',
  'expired-delivered': 'arrived past its expiry and the slack',
  'label-violation': 'arrived without its label, or with another',
  corrupt: 'arrived, and is not what was sent',
  unaccounted: 'arrived and was never sent, or cannot be read',
  wedged: 'nothing arrived for too long although messages were sent; or a key whose last messages never came',
} as const;

export type VerdictName = keyof typeof VERDICTS;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table above has no other keys
export const VERDICT_NAMES = Object.keys(VERDICTS) as readonly VerdictName[];

/** The findings of one kind. */
export interface Verdict {
  /** Violations that fail the run. */
  readonly count: number;
  /** Of the same kind, and allowed by the class or by the caller. */
  readonly tolerated: number;
  /** The first few, in words. */
  readonly examples: readonly string[];
}

/** The result of a run. */
export interface Report {
  /** Judged, without a violation. */
  readonly ok: boolean;
  /** False: nothing was confirmed by the first bus, or nothing arrived for reasons that are none of the bridge's. */
  readonly judged: boolean;
  readonly run: string;
  readonly class: TrafficClass;
  /** Confirmed by the bus that the bridge reads. */
  readonly sent: number;
  /** Handed over, and never confirmed by the bus: they may arrive or not. */
  readonly unconfirmed: number;
  /** Messages of this run that arrived, repetitions included. */
  readonly arrived: number;
  /** Messages that arrived at least once. */
  readonly distinct: number;
  /** Missing, and a newer one of their key stands for them. */
  readonly superseded: number;
  /** Missing, and past their expiry. */
  readonly expired: number;
  /** Missing, past their expiry, and never read for good: a bus dropped them. */
  readonly expiredUnread: number;
  /** Missing, and found among the dead letters. */
  readonly deadLettered: number;
  /** Missing, and dropped by a function of the route, by the bridge's own figures. */
  readonly dropped: number;
  /** Read again by the checker itself after its own connection broke: no fault of the bridge or of a bus. */
  readonly reread: number;
  /** Whether the reading end had to be opened anew, because messages were missing: the time of those that it read then is unknown. */
  readonly renewed: boolean;
  /** Messages of other runs. */
  readonly foreign: number;
  readonly longestSilenceMs: number;
  readonly verdicts: Readonly<Record<VerdictName, Verdict>>;
}

/** For people. */
export function reportText(report: Report): string {
  const {
    sent,
    distinct,
    arrived,
    superseded,
    expired,
    expiredUnread,
    deadLettered,
    dropped,
    unconfirmed,
    reread,
    foreign,
  } = report;
  const beside: readonly (readonly [number, string])[] = [
    [arrived - distinct, 'repetitions'],
    [superseded, 'superseded'],
    [expired, 'expired on the way'],
    [expiredUnread, 'expired in a bus before they were read'],
    [deadLettered, 'dead letters'],
    [dropped, 'dropped by a function'],
    [unconfirmed, 'never confirmed by the first bus'],
    [reread, "read again over the checker's own connection"],
    [foreign, 'of other runs'],
  ];
  const rest = beside.filter(([count]) => count > 0).map(([count, what]) => `, ${count} ${what}`);
  const head = `${sent} sent, ${distinct} arrived${rest.join('')}`;
  if (!report.judged) return `${head}\nNOTHING JUDGED`;
  const lines = VERDICT_NAMES.flatMap((name) => verdictLines(name, report.verdicts[name]));
  const word = report.ok ? 'FINE' : 'CONVICTED';
  return [head, ...lines, `${word} as class ${report.class}`].join('\n');
}

function verdictLines(name: VerdictName, { count, tolerated, examples }: Verdict): readonly string[] {
  const allowed = tolerated === 0 ? '' : `  (${tolerated} allowed)`;
  const head = `  ${count === 0 ? ' ' : '!'} ${name.padEnd(18)} ${String(count).padStart(7)}${allowed}`;
  return [head, ...examples.map((example) => `      ${example}`)];
}
