/** What is wrong with the text of an expression. */
export class ExpressionFlaw extends Error {
  override readonly name = 'ExpressionFlaw';
  readonly kind: 'syntax' | 'variable' | 'field' | 'type' | 'pattern';
  /** The part of the text, in UTF-16 units; `end` is behind it. */
  readonly start: number;
  readonly end: number;
  readonly expected: string;
  readonly found: string;
  readonly write: string;
  /** False where the expression may be right: of a field that an open schema does not name. */
  readonly isSure: boolean;

  constructor(
    kind: ExpressionFlaw['kind'],
    range: { readonly start: number; readonly end: number },
    text: { readonly expected: string; readonly found: string; readonly write: string },
    isSure = true,
  ) {
    super(`expected ${text.expected}, found ${text.found}`);
    this.kind = kind;
    this.start = range.start;
    this.end = range.end;
    this.expected = text.expected;
    this.found = text.found;
    this.write = text.write;
    this.isSure = isSure;
  }
}

/** Line and column of a character of the text, both from 1. */
export function positionIn(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
