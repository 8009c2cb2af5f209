import { existsSync, readFileSync, renameSync } from 'node:fs';
import { messageOf, SluiceError } from '#contract/errors.ts';
import { asMap } from '#kit/json-value.ts';
import { writePrivate } from '../private-file.ts';
import type { ChainEnd } from './chain.ts';

/**
 * The end of an audit file, kept at another place: a chain cannot show by itself that its last lines were cut off. Written after the
 * lines are durable, and so never ahead of a file that is whole.
 */
export class ChainTip {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Undefined where none was written. Throws GUARD_AUDIT for a file that is none: without it a cut would go unnoticed. */
  read(): (ChainEnd & { readonly note: string | undefined }) | undefined {
    const text = this.#text();
    if (text === undefined) return undefined;
    const { seq, hash, note } = asMap(parsed(text));
    if (typeof seq !== 'number' || typeof hash !== 'string') throw this.#unreadable('another text');
    return { seq, hash, note: typeof note === 'string' ? note : undefined };
  }

  #text(): string | undefined {
    if (!existsSync(this.#path)) return undefined;
    try {
      return readFileSync(this.#path, 'utf8');
    } catch (thrown) {
      throw this.#unreadable(messageOf(thrown));
    }
  }

  #unreadable(found: string): SluiceError {
    return new SluiceError('GUARD_AUDIT', `expected the end of an audit file in ${this.#path}, found ${found}`);
  }

  /** `note`: what the writer wants to know at its next start. Throws where the file cannot be written. */
  write({ seq, hash }: ChainEnd, note: string): void {
    const made = `${this.#path}.new`;
    writePrivate(made, `${JSON.stringify({ seq, hash, note })}\n`);
    renameSync(made, this.#path);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
