import type { Right } from '#contract/access.ts';
import { harmless } from '#kit/printable.ts';

/** One line of a comment: no name in it can end the line. */
export function comment(text: string): string {
  return `# ${harmless(text)}`;
}

/** Rights under one comment. */
export interface ReasonGroup {
  readonly why: string;
  readonly rights: readonly Right[];
}

/** Rights by their reasons, in the order of the first of each. A right with several reasons is under the first. */
export function groupedByReason(rights: readonly Right[]): readonly ReasonGroup[] {
  const groups = new Map<string, Right[]>();
  const seen = new Set<string>();
  for (const right of rights) {
    const key = rightText(right);
    if (seen.has(key)) continue;
    seen.add(key);
    const group = groups.get(right.why) ?? [];
    groups.set(right.why, group);
    group.push(right);
  }
  return [...groups].map(([why, group]) => ({ why, rights: group }));
}

/** A right in one line: `Read topic orders`. */
export function rightText({ operation, kind, on, within }: Omit<Right, 'why'>): string {
  const what = [operation, kind, on].filter((part) => part !== undefined).join(' ');
  return within === undefined ? what : `${what} in ${within}`;
}
