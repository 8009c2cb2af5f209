import type { AbsentRule } from './policy-file.ts';

export interface Classification {
  readonly id: string;
  /** A higher one is more sensitive. No two have the same. */
  readonly rank: number;
}

export interface Category {
  readonly tag: string;
  readonly type: 'restrictive' | 'permissive' | 'informative';
  readonly values: ReadonlySet<string>;
  /** Of a permissive category: names for several values. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  readonly onJoin: 'union' | 'drop';
  /** Of a permissive category: what its absence means for this classification. */
  absent(classification: string): AbsentRule;
}
