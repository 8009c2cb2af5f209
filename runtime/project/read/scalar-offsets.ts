/** The ways to write a text in YAML, as the parser names them. */
export type ScalarStyle = 'PLAIN' | 'QUOTE_SINGLE' | 'QUOTE_DOUBLE' | 'BLOCK_LITERAL' | 'BLOCK_FOLDED';

export interface WrittenScalar {
  readonly style: ScalarStyle;
  /** The file. */
  readonly source: string;
  /** Where the scalar begins, its quote or block header included, and where it ends. */
  readonly start: number;
  readonly end: number;
  readonly value: string;
}

const ESCAPE_LENGTHS: Readonly<Record<string, number>> = { x: 4, u: 6, U: 10 };

function isBreak(character: string | undefined): boolean {
  return character === '\n' || character === '\r';
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}

/** Walks a text and its source side by side: quotes, escapes, folded lines and indentation are in the source alone. */
class Walk {
  readonly #scalar: WrittenScalar;
  readonly #isBlock: boolean;
  #at: number;
  #indent = 0;

  constructor(scalar: WrittenScalar) {
    this.#scalar = scalar;
    this.#isBlock = scalar.style.startsWith('BLOCK');
    this.#at = scalar.start;
    if (this.#isBlock) this.#enterBlock();
    else if (scalar.style !== 'PLAIN') this.#at += 1;
  }

  /** Behind the header and the indentation of the first line that has one. */
  #enterBlock(): void {
    const { source, end } = this.#scalar;
    while (this.#at < end && !isBreak(source[this.#at])) this.#at += 1;
    let line = this.#at;
    for (;;) {
      while (line < end && isBreak(source[line])) line += 1;
      let text = line;
      while (text < end && source[text] === ' ') text += 1;
      if (text >= end || !isBreak(source[text])) {
        this.#indent = text - line;
        break;
      }
      line = text;
    }
    if (source[this.#at] === '\r') this.#at += 1;
    this.#at += 1;
    this.#indented();
  }

  #indented(): void {
    const { source } = this.#scalar;
    for (let passed = 0; passed < this.#indent && source[this.#at] === ' '; passed += 1) this.#at += 1;
  }

  /** The offset in the source of the character at `offset` of the text; undefined where the two do not go together. */
  to(offset: number): number | undefined {
    const { value } = this.#scalar;
    let passed = 0;
    while (passed < offset) {
      const step = this.#step(value, passed);
      if (step === undefined) return undefined;
      passed += step;
    }
    this.#skipContinued();
    // The end of a line that goes on in the next.
    return passed === offset ? this.#at : undefined;
  }

  /** Passes the next character of the source, and says how many of the text it stands for. */
  #step(value: string, passed: number): number | undefined {
    const { source, style } = this.#scalar;
    this.#skipContinued();
    const character = source[this.#at];
    if (style === 'QUOTE_DOUBLE' && character === '\\') {
      this.#at += ESCAPE_LENGTHS[source[this.#at + 1] ?? ''] ?? 2;
      return (value.codePointAt(passed) ?? 0) > 0xffff ? 2 : 1;
    }
    if (style === 'QUOTE_SINGLE' && character === "'") {
      this.#at += 2;
      return 1;
    }
    if (this.#breaksHere()) return this.#passBreaks(value, passed);
    if (character !== value[passed]) return undefined;
    this.#at += 1;
    return 1;
  }

  /** A line of double quotes that ends with a backslash goes on in the next without a space. */
  #skipContinued(): void {
    const { source, style } = this.#scalar;
    if (style !== 'QUOTE_DOUBLE') return;
    while (source[this.#at] === '\\' && isBreak(source[this.#at + 1])) {
      this.#at += 1;
      while (isBreak(source[this.#at]) || isBlank(source[this.#at])) this.#at += 1;
    }
  }

  #breaksHere(): boolean {
    const { source } = this.#scalar;
    if (this.#isBlock) return isBreak(source[this.#at]);
    let at = this.#at;
    while (isBlank(source[at])) at += 1;
    return isBreak(source[at]);
  }

  /** A folded break is a space, several are one fewer; in a block that keeps its lines each is itself. */
  #passBreaks(value: string, passed: number): number | undefined {
    const { source, style } = this.#scalar;
    if (style === 'BLOCK_LITERAL') {
      if (value[passed] !== '\n') return undefined;
      if (source[this.#at] === '\r') this.#at += 1;
      this.#at += 1;
      this.#indented();
      return 1;
    }
    while (isBreak(source[this.#at]) || (!this.#isBlock && isBlank(source[this.#at]))) {
      const wasBreak = source[this.#at] === '\n';
      this.#at += 1;
      if (this.#isBlock && wasBreak) this.#indented();
    }
    if (value[passed] === ' ') return 1;
    let count = 0;
    while (value[passed + count] === '\n') count += 1;
    return count === 0 ? undefined : count;
  }
}

/** The offset in the file of a character of a text, whatever way the text is written; undefined where that is not known. */
export function offsetInSource(scalar: WrittenScalar, offset: number): number | undefined {
  const found = new Walk(scalar).to(offset);
  return found !== undefined && found <= scalar.end ? found : undefined;
}
