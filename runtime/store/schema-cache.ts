import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { asMap, own } from '#kit/json-value.ts';
import { writePrivate } from './private-file.ts';

const FOLDER = 'schema-registries';
let written = 0;

/**
 * What a schema registry has said, for ever: an id never gets another schema. A folder of the state folder for each registry, a file for
 * each answer. A file that is not as it was written counts as none, and is written again.
 */
export class SchemaCache {
  readonly #folder: string;

  /** `registry`: its URL. Two registries give the same ids to other schemas. */
  constructor(stateFolder: string, registry: string) {
    this.#folder = join(stateFolder, FOLDER, digest(registry).slice(0, 32));
  }

  /** Undefined where there is none. `name`: letters, digits and `-`. */
  get(name: string): unknown {
    try {
      const file = asMap(JSON.parse(readFileSync(this.#path(name), 'utf8')));
      const value = own(file, 'value');
      return own(file, 'sha256') === digest(JSON.stringify(value)) ? value : undefined;
    } catch {
      return undefined;
    }
  }

  /** Throws where the disk does not take it. */
  set(name: string, value: object): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    written += 1;
    const fresh = join(this.#folder, `${name}.${process.pid}-${written}`);
    writePrivate(fresh, `${JSON.stringify({ sha256: digest(JSON.stringify(value)), value })}\n`);
    renameSync(fresh, this.#path(name));
  }

  #path(name: string): string {
    return join(this.#folder, `${name}.json`);
  }
}

/** For the name of a file that stands for a text. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
