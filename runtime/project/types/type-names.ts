import { pointerKeys } from '#kit/pointer.ts';

/** `track.v1`, `track`: the version is the end of the name. */
const VERSIONED = /^(?<base>.+)\.v(?<version>\d+)$/;

/** The name of a schema without its version, and the version. */
export function versionOf(schema: string): { readonly base: string; readonly version: number } | undefined {
  const { base, version } = VERSIONED.exec(schema)?.groups ?? {};
  return base === undefined ? undefined : { base, version: Number(version) };
}

/** `owntracks-location.v1` -> `OwntracksLocationV1`. */
function typeName(text: string): string {
  const words = text.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  const name = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('');
  return /^\p{L}/u.test(name) ? name : `Schema${name}`;
}

/** Type names, each given once: the second `AB` is `AB_2`. */
export class TypeNames {
  readonly #taken = new Set<string>();

  /** The name of a whole schema file, or of the place in it that a reference names. */
  give(schema: string, pointer: string): string {
    const keys = pointerKeys(pointer).filter((key) => !/^(\$defs|definitions|properties)$/.test(key));
    const wanted = typeName(schema) + keys.map(typeName).join('');
    let name = wanted;
    for (let more = 2; this.#taken.has(name); more += 1) name = `${wanted}_${more}`;
    this.#taken.add(name);
    return name;
  }

  /** The names without versions that are still free, each with the newest version that has it. */
  newest(schemas: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
    const best = new Map<string, { readonly version: number; readonly type: string }>();
    for (const [schema, type] of schemas) {
      const versioned = versionOf(schema);
      if (versioned === undefined) continue;
      const alias = typeName(versioned.base);
      const known = best.get(alias);
      if (known === undefined || known.version < versioned.version) best.set(alias, { ...versioned, type });
    }
    return new Map([...best].filter(([alias]) => !this.#taken.has(alias)).map(([alias, { type }]) => [alias, type]));
  }
}
