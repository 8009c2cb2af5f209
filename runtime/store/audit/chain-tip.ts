import { readFileSync, renameSync } from 'node:fs';
import { isMap } from '#kit/json-value.ts';
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

  /** Undefined where none was written, or where the file holds none. */
  read(): (ChainEnd & { readonly note: string | undefined }) | undefined {
    let value: unknown;
    try {
      value = JSON.parse(readFileSync(this.#path, 'utf8'));
    } catch {
      return undefined;
    }
    if (!isMap(value)) return undefined;
    const { seq, hash, note } = value;
    if (typeof seq !== 'number' || typeof hash !== 'string') return undefined;
    return { seq, hash, note: typeof note === 'string' ? note : undefined };
  }

  /** `note`: what the writer wants to know at its next start. Throws where the file cannot be written. */
  write({ seq, hash }: ChainEnd, note: string): void {
    const made = `${this.#path}.new`;
    writePrivate(made, `${JSON.stringify({ seq, hash, note })}\n`);
    renameSync(made, this.#path);
  }
}
