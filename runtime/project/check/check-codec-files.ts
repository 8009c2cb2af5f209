import type { Catalog } from '#contract/catalog.ts';
import { asList, asMap, isMap, own } from '#kit/json-value.ts';
import { nearestName } from '#kit/nearest.ts';
import { pointerTo } from '#kit/pointer.ts';
import { codecFilesIn } from '../fields/codec-fields.ts';
import { sinkPlaces } from '../read/sink-places.ts';
import type { SourceMap } from '../read/source-map.ts';
import { checkRegistry } from './check-registry.ts';
import { shown } from './describe.ts';
import type { FindingList } from './finding-list.ts';

/** A codec with a schema, as an end of the file names it, with all of its files in the project. */
export interface CodecUse {
  readonly name: string;
  /** File names with their endings, that of the route's own schema first. */
  readonly files: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  /** The place of an option, in findings. */
  readonly placeOf: (option: string) => { readonly line: number; readonly column: number };
}

type Visit = (at: string, name: string, codec: Readonly<Record<string, unknown>>) => void;

/** Refuses the bare name of a codec that needs a schema. */
function checkBareName(value: unknown, { codecs, schemaCodecs }: Catalog, findings: FindingList): void {
  for (const { at, end } of endPlaces(value)) {
    const codec = own(asMap(end), 'codec');
    if (codec === 'cloudevents') {
      findings.add({
        code: 'WRONG_VALUE',
        at: pointerTo(at, 'codec'),
        expected: 'the codec of the data of an event',
        found: shown(codec),
        write: 'cloudevents: structured, beside codec and not in its place',
      });
    }
    const kind = typeof codec === 'string' && !codecs.has(codec) ? schemaCodecs.get(codec) : undefined;
    if (kind === undefined) continue;
    const words = [`${kind.name}: NAME`, ...kind.needs.map((word) => `${word}: ...`)];
    findings.add({
      code: 'WRONG_TYPE',
      at: pointerTo(at, 'codec'),
      expected: `${kind.name} with the name of its schema`,
      found: shown(codec),
      write: `codec: { ${words.join(', ')} }`,
    });
  }
}

interface EndPlace {
  readonly at: string;
  readonly end: unknown;
  readonly isSink: boolean;
}

/** The source and the sinks of each route, with their pointers. */
function endPlaces(value: unknown): readonly EndPlace[] {
  return asList(own(asMap(value), 'routes')).flatMap((route, index) => {
    const routeAt = pointerTo('/routes', index);
    const sinks = sinkPlaces(routeAt, route).map(({ at, to }) => ({ at, end: to, isSink: true }));
    return [{ at: pointerTo(routeAt, 'from'), end: own(asMap(route), 'from'), isSink: false }, ...sinks];
  });
}

/** The name of the codec with a schema that an end names, and the map that names it. */
function codecIn(end: unknown, catalog: Catalog): readonly [name: string | undefined, codec: unknown] {
  const codec = own(asMap(end), 'codec');
  const name = isMap(codec) ? [...catalog.schemaCodecs.keys()].find((kind) => Object.hasOwn(codec, kind)) : undefined;
  return [name, codec];
}

function eachCodec(value: unknown, catalog: Catalog, visit: Visit): void {
  for (const { at, end } of endPlaces(value)) {
    const [name, codec] = codecIn(end, catalog);
    if (name !== undefined) visit(pointerTo(at, 'codec'), name, asMap(codec));
  }
}

/** Refuses names of schema files that the project does not have. */
export function checkCodecFiles(
  value: unknown,
  catalog: Catalog,
  schemas: readonly string[],
  findings: FindingList,
): void {
  checkBareName(value, catalog, findings);
  for (const { at, end, isSink } of endPlaces(value)) {
    const [kind, codec] = codecIn(end, catalog);
    const words = own(asMap(codec), 'confluent');
    if (kind === undefined || !isMap(words)) continue;
    const place = pointerTo(at, 'codec', 'confluent');
    const schema = own(asMap(codec), kind);
    checkRegistry({ kind, words, at: place, schema, isSink, end: asMap(end), file: { value, catalog } }, findings);
  }
  eachCodec(value, catalog, (at, name, codec) => {
    const ending = catalog.schemaCodecs.get(name)?.ending ?? '';
    const known = schemas.filter((file) => file.endsWith(ending)).map((file) => file.slice(0, -ending.length));
    for (const [path, file] of codecFilesIn(codec, name)) {
      const place = pointerTo(at, ...path);
      if (known.includes(file) || findings.isClaimed(place)) continue;
      const bare = file.endsWith(ending) ? file.slice(0, -ending.length) : file;
      const suggestion = known.includes(bare) ? bare : nearestName(bare, known);
      findings.add({
        code: 'UNKNOWN_SCHEMA',
        at: place,
        ...(path.length > 1 && { side: 'key' as const }),
        expected: `schemas/${bare}${ending} in the project`,
        found: bare === file ? 'no such file' : `${shown(file)}, with the ending of the file`,
        write: suggestion === undefined ? `the file schemas/${bare}${ending}` : `${path.at(-1)}: ${suggestion}`,
        suggestion,
      });
    }
  });
}

/** The codecs with schemas that the file names and whose files are there. */
export function codecUses(
  value: unknown,
  catalog: Catalog,
  schemas: readonly string[],
  places: SourceMap,
): readonly CodecUse[] {
  const uses: CodecUse[] = [];
  eachCodec(value, catalog, (at, name, codec) => {
    const { ending = '', needs = [] } = catalog.schemaCodecs.get(name) ?? {};
    if (!needs.every((word) => Object.hasOwn(codec, word))) return;
    const files = codecFilesIn(codec, name).map(([, file]) => `${file}${ending}`);
    if (files.length === 0 || !files.every((file) => schemas.includes(file))) return;
    const { [name]: _, ...options } = codec;
    uses.push({ name, files, options, placeOf: (option) => places.of(pointerTo(at, option)) });
  });
  return uses;
}
