import { FINDINGS } from './findings.ts';
import type { Finding, FindingCode, Severity } from './findings.ts';
import type { Places } from './places.ts';
import { isWithin, parentPointer } from './pointer.ts';

/** A finding before it knows its line. */
export interface FindingDraft {
  readonly code: FindingCode;
  /** JSON pointer of what is wrong; of what is missing, for a missing key. */
  readonly at: string;
  readonly side?: 'key' | 'value';
  /** Character of the text value at `at`. */
  readonly offset?: number;
  readonly expected?: string;
  readonly found: string;
  readonly write?: string;
  readonly suggestion?: string | undefined;
  readonly severity?: Severity;
}

/** Collects what is wrong: each place once, for one mistake is one finding. */
export class FindingList {
  readonly #file: string;
  readonly #places: Places;
  readonly #findings = new Map<string, Finding>();
  readonly #errors = new Set<string>();
  readonly #claimed = new Set<string>();

  constructor(file: string, places: Places) {
    this.#file = file;
    this.#places = places;
  }

  add(draft: FindingDraft): void {
    const severity = draft.severity ?? FINDINGS[draft.code].severity;
    if (severity === 'error') this.#errors.add(draft.at);
    const place =
      draft.offset === undefined ? this.#places.of(draft.at, draft.side) : this.#places.inText(draft.at, draft.offset);
    const finding: Finding = {
      severity,
      code: draft.code,
      file: this.#file,
      line: place.line,
      column: place.column,
      path: draft.at,
      expected: draft.expected ?? '',
      found: draft.found,
      write: draft.write ?? '',
      ...(draft.suggestion === undefined ? {} : { suggestion: draft.suggestion }),
    };
    // An alias is used in many places, its anchor in one: the same words at the same place are one mistake.
    const once = [place.line, place.column, draft.code, finding.expected, finding.found].join('\n');
    if (!this.#findings.has(once)) this.#findings.set(once, finding);
  }

  /** Takes a place out of further judgement: nobody knows what it holds. */
  claim(pointer: string): void {
    this.#claimed.add(pointer);
  }

  /** Whether the place, or what holds it, is already judged or out of judgement. */
  isClaimed(pointer: string): boolean {
    for (let at: string | undefined = pointer; at !== undefined; at = parentPointer(at)) {
      if (this.#errors.has(at) || this.#claimed.has(at)) return true;
    }
    return false;
  }

  /** Whether the place, or anything beneath it, is wrong. */
  hasErrorWithin(pointer: string): boolean {
    for (const error of this.#errors) if (isWithin(error, pointer)) return true;
    return false;
  }

  get hasErrors(): boolean {
    return this.#errors.size > 0;
  }

  /** In the order of the file. */
  sorted(): readonly Finding[] {
    return [...this.#findings.values()].toSorted(
      (a, b) => a.line - b.line || a.column - b.column || a.code.localeCompare(b.code, 'en'),
    );
  }
}
