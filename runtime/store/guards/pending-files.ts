import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isMap } from '#kit/json-value.ts';
import { makePrivateFolder, writePrivate } from '../private-file.ts';

/** An id of the guard, and a name of the pipeline file: nothing of either leads out of the folder. */
const ID = /^[0-9a-f]{32}$/;
const PENDING = /^([0-9a-f]{32})\.json$/;
const GRANT = /^([0-9a-f]{32})\.([a-z][a-z0-9-]*)\.grant$/;

/**
 * JSON files of one folder: `ID.json` for what waits, and `ID.NAME.grant` for each signature. The bridge writes the first, whoever
 * approves the second; each appears whole.
 */
export class PendingFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Ids of what waits. */
  ids(): readonly string[] {
    return this.#names().flatMap((name) => PENDING.exec(name)?.[1] ?? []);
  }

  /** Undefined where there is none that can be read. */
  read(id: string): unknown {
    return ID.test(id) ? this.#json(`${id}.json`) : undefined;
  }

  /** Throws where it cannot be written. */
  write(id: string, value: unknown): void {
    this.#write(`${id}.json`, value);
  }

  /** Of one id, with the name in the file's name. */
  grants(id: string): readonly { readonly as: string; readonly value: unknown }[] {
    return this.#names().flatMap((name) => {
      const [, of, as] = GRANT.exec(name) ?? [];
      return of === id && as !== undefined ? [{ as, value: this.#json(name) }] : [];
    });
  }

  /** Ids that have a grant. */
  signed(): ReadonlySet<string> {
    return new Set(this.#names().flatMap((name) => GRANT.exec(name)?.[1] ?? []));
  }

  /** Throws where it cannot be written. */
  grant(id: string, as: string, value: unknown): void {
    this.#write(`${id}.${as}.grant`, value);
  }

  remove(id: string): void {
    for (const name of this.#names()) if (name.startsWith(`${id}.`)) rmSync(join(this.#folder, name), { force: true });
  }

  #names(): readonly string[] {
    return existsSync(this.#folder) ? readdirSync(this.#folder) : [];
  }

  #json(name: string): unknown {
    try {
      const value: unknown = JSON.parse(readFileSync(join(this.#folder, name), 'utf8'));
      return isMap(value) ? value : undefined;
    } catch {
      return undefined;
    }
  }

  #write(name: string, value: unknown): void {
    makePrivateFolder(this.#folder);
    const path = join(this.#folder, name);
    writePrivate(`${path}.new`, `${JSON.stringify(value)}\n`);
    renameSync(`${path}.new`, path);
  }
}
