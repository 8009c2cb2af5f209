import type { AddressGrammar } from '#contract/bus.ts';
import { type AddressPattern, LEVELS, ONE, type OpenLevel, type PatternLevel } from '#kit/address-pattern.ts';
import { parseTemplate } from './template.ts';

export interface PatternUse {
  readonly route: string;
  readonly source: Pick<AddressGrammar, 'decode'>;
  readonly target: Pick<AddressGrammar, 'separator' | 'encode'>;
  /** Of the addresses that the messages were read from. */
  readonly addresses: AddressPattern;
}

/** One level under construction. It is open once it contains a value. */
class Level {
  #begins = '';
  #ends = '';
  #isOpen = false;

  text(text: string): void {
    if (this.#isOpen) this.#ends += text;
    else this.#begins += text;
  }

  value(): void {
    this.#isOpen = true;
    this.#ends = '';
  }

  made(): string | OpenLevel {
    return this.#isOpen ? { begins: this.#begins, ends: this.#ends } : this.#begins;
  }
}

/** Level `level` of the source addresses, as far as the filters fix it. */
function levelOf(addresses: AddressPattern, level: number): string | OpenLevel {
  const [known] = restOf(addresses, level);
  return typeof known === 'string' ? known : ONE;
}

/** That level and all after it. */
function restOf(addresses: AddressPattern, level: number): AddressPattern {
  const open = addresses.indexOf(LEVELS);
  return open !== -1 && open <= level ? [LEVELS] : addresses.slice(level);
}

/** The pattern of the addresses of a template; a value is any text of one level. Undefined for an invalid template. */
export function patternOfTemplate(text: string, use: PatternUse): AddressPattern | undefined {
  const parsed = parseTemplate(text);
  if ('flaw' in parsed) return undefined;
  const { separator, encode } = use.target;
  const spelled = (level: PatternLevel): PatternLevel =>
    typeof level === 'string' ? encode(use.source.decode(level)) : level === LEVELS ? LEVELS : ONE;
  const levels: PatternLevel[] = [];
  // Undefined after a rest, which ends with a whole level.
  let open: Level | undefined = new Level();
  for (const part of parsed.parts) {
    if (typeof part === 'string') {
      for (const [at, piece] of part.split(separator).entries()) {
        if (at > 0) {
          if (open !== undefined) levels.push(open.made());
          open = new Level();
        }
        open?.text(piece);
      }
    } else if (part.kind === 'rest') {
      levels.push(...restOf(use.addresses, part.level).map(spelled));
      open = undefined;
    } else if (part.kind === 'route') open?.text(encode(use.route));
    else {
      const known = part.kind === 'level' ? spelled(levelOf(use.addresses, part.level)) : ONE;
      if (typeof known === 'string') open?.text(known);
      else open?.value();
    }
  }
  if (open !== undefined) levels.push(open.made());
  return levels;
}
