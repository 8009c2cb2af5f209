import { shortened } from '#kit/shortened.ts';
import { FINDINGS } from './findings.ts';
import type { Finding, FindingCode, Severity } from './findings.ts';
import type { SourceMap } from '../read/source-map.ts';
import { parentPointer } from '#kit/pointer.ts';

/** A finding without its line and column. */
export interface FindingDraft {
  readonly code: FindingCode;
  /** JSON pointer of the wrong value, or of the missing key. */
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

/** Collects findings: one for each pointer, because one mistake is one finding. */
export class FindingList {
  readonly #file: string;
  readonly #places: SourceMap;
  readonly #findings = new Map<string, Finding>();
  readonly #errors = new Set<string>();
  /** Pointers of errors, and of all values that contain one. */
  readonly #wrong = new Set<string>();
  readonly #claimed = new Set<string>();

  constructor(file: string, places: SourceMap) {
    this.#file = file;
    this.#places = places;
  }

  add(draft: FindingDraft): void {
    const severity = draft.severity ?? FINDINGS[draft.code];
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
    // An anchor may be used by many aliases: the same text at the same position is one mistake. A notice is reported once
    // a file.
    const where = severity === 'notice' ? [] : [place.line, place.column];
    const once = [...where, draft.code, finding.expected, finding.found].join('\n');
    if (!this.#findings.has(once)) this.#findings.set(once, finding);
  }

  /** The position of another pointer for the text of a finding: `pipelines/fleet.yaml:12:5`. */
  placeOf(pointer: string): string {
    const { line, column } = this.#places.of(pointer);
    return `${this.#file}:${line}:${column}`;
  }

  /** Excludes a pointer from further checks: its value is not known. */
  claim(pointer: string): void {
    this.#claimed.add(pointer);
  }

  /** Whether the pointer, or a value that contains it, has a finding or is excluded. */
  isClaimed(pointer: string): boolean {
    for (let at: string | undefined = pointer; at !== undefined; at = parentPointer(at)) {
      if (this.#errors.has(at) || this.#claimed.has(at)) return true;
    }
    return false;
  }

  /** Whether there is an error at the pointer or beneath it. */
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

  /** In the order of the file. Of very many, only the most severe. */
  sorted(): readonly Finding[] {
    // Not by a language's order: Node takes 8 ms to load it, at each start.
    const ordered = [...this.#findings.values()].toSorted(
      (a, b) => a.line - b.line || a.column - b.column || Number(a.code > b.code) - Number(a.code < b.code),
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

/** Longer texts are values of the file; they are cut. */
function cut(text: string): string {
  return shortened(text, LONGEST_TEXT);
}

function cutFinding({ severity, file, line, column }: Finding, found: string): Finding {
  const expected = `at most ${MOST_FINDINGS} findings`;
  const write = 'what the findings before this one say, and check again';
  return { severity, code: 'CHECK_CUT', file, line, column, path: '', expected, found, write };
}
