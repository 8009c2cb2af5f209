import { shortened } from '#kit/shortened.ts';
import { FINDINGS } from './findings.ts';
import type { Finding, FindingCode, Severity } from './findings.ts';
import type { SourceMap } from '../read/source-map.ts';
import { parentPointer } from '#kit/pointer.ts';

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

const MOST_FINDINGS = 1000;
const SEVERITIES: readonly Severity[] = ['error', 'warning', 'notice'];
const LONGEST_TEXT = 1000;

/** Collects what is wrong: each place once, for one mistake is one finding. */
export class FindingList {
  readonly #file: string;
  readonly #places: SourceMap;
  readonly #findings = new Map<string, Finding>();
  readonly #errors = new Set<string>();
  /** The places of errors, and all that hold one. */
  readonly #wrong = new Set<string>();
  readonly #claimed = new Set<string>();

  constructor(file: string, places: SourceMap) {
    this.#file = file;
    this.#places = places;
  }

  add(draft: FindingDraft): void {
    const severity = draft.severity ?? FINDINGS[draft.code].severity;
    if (severity === 'error') this.#wrongAt(draft.at);
    const place =
      draft.offset === undefined ? this.#places.of(draft.at, draft.side) : this.#places.inText(draft.at, draft.offset);
    const finding: Finding = {
      severity,
      code: draft.code,
      file: this.#file,
      line: place.line,
      column: place.column,
      path: cut(draft.at),
      expected: cut(draft.expected ?? ''),
      found: cut(draft.found),
      write: cut(draft.write ?? ''),
      ...(draft.suggestion === undefined ? {} : { suggestion: draft.suggestion }),
    };
    // An alias is used in many places, its anchor in one: the same words at the same place are one mistake. What is worth
    // knowing is worth saying once a file.
    const where = severity === 'notice' ? [] : [place.line, place.column];
    const once = [...where, draft.code, finding.expected, finding.found].join('\n');
    if (!this.#findings.has(once)) this.#findings.set(once, finding);
  }

  /** Another place, for the words of a finding: `pipelines/fleet.yaml:12:5`. */
  placeOf(pointer: string): string {
    const { line, column } = this.#places.of(pointer);
    return `${this.#file}:${line}:${column}`;
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
    return this.#wrong.has(pointer);
  }

  #wrongAt(pointer: string): void {
    this.#errors.add(pointer);
    for (let at: string | undefined = pointer; at !== undefined && !this.#wrong.has(at); at = parentPointer(at)) {
      this.#wrong.add(at);
    }
  }

  get hasErrors(): boolean {
    return this.#errors.size > 0;
  }

  /** In the order of the file; of more than a person reads, the heaviest. */
  sorted(): readonly Finding[] {
    const ordered = [...this.#findings.values()].toSorted(
      (a, b) => a.line - b.line || a.column - b.column || a.code.localeCompare(b.code, 'en'),
    );
    if (ordered.length <= MOST_FINDINGS) return ordered;
    const heaviest = SEVERITIES.flatMap((severity) => ordered.filter((finding) => finding.severity === severity));
    const [first] = heaviest.slice(MOST_FINDINGS);
    const shown = new Set(heaviest.slice(0, MOST_FINDINGS));
    const kept = ordered.filter((finding) => shown.has(finding));
    const found = `${ordered.length - kept.length} more`;
    return first === undefined ? kept : [...kept, cutFinding(first, found)];
  }
}

/** Longer texts are values of the file, and help nobody. */
function cut(text: string): string {
  return shortened(text, LONGEST_TEXT);
}

function cutFinding({ severity, file, line, column }: Finding, found: string): Finding {
  const expected = `at most ${MOST_FINDINGS} findings`;
  const write = 'what the findings before this one say, and check again';
  return { severity, code: 'CHECK_CUT', file, line, column, path: '', expected, found, write };
}
