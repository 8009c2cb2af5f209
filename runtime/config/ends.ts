import type { FindingList } from './finding-list.ts';
import { example, isDuration, isSize } from './describe.ts';
import { driverOptions } from './build-spec.ts';
import { mapWithDefaults } from './defaults.ts';
import { busBehind } from './pieces.ts';
import type { Piece } from './pieces.ts';
import { asMap, put, under } from './plain.ts';
import type { PlainMap } from './plain.ts';
import { isWithin, pointerKeys, pointerTo } from './pointer.ts';
import type { Resolved } from './references.ts';
import { admits, schemasAt } from './schema-at.ts';
import type { BusWords, JsonSchema, Vocabulary } from './vocabulary.ts';

/** What the judges of a route know of the file. */
export interface JudgedFile {
  readonly value: unknown;
  readonly pieces: readonly Piece[];
  readonly resolved: ReadonlyMap<string, Resolved>;
  readonly vocabulary: Vocabulary;
  readonly findings: FindingList;
}

/** One end of a route whose options a driver can be asked about. */
export interface JudgedEnd {
  readonly bus: BusWords;
  readonly connectionAt: string;
  readonly connection: PlainMap;
  readonly at: string;
  readonly end: PlainMap;
}

/** A value that the schema takes, for asking a driver while the real one is elsewhere; undefined where that would be a guess. */
function standIn(schemas: readonly JsonSchema[]): string | number | boolean | undefined {
  const [schema] = schemas;
  if (schema === undefined) return undefined;
  const [choice] = Array.isArray(schema['enum']) ? (schema['enum'] as readonly unknown[]) : [];
  if (typeof choice === 'string' || typeof choice === 'number') return choice;
  if (isDuration(schema) || isSize(schema)) return example(schema);
  if (admits(schema, 'x')) return 'pattern' in schema || 'format' in schema ? undefined : 'unset';
  if (admits(schema, true)) return true;
  return typeof schema['minimum'] === 'number' ? schema['minimum'] : admits(schema, 1) ? 1 : undefined;
}

/** The driver's options at a place with defaults filled in; undefined where they are wrong, or not known well enough. */
function options(at: string, kind: 'connection' | 'from' | 'to', file: JudgedFile): PlainMap | undefined {
  const piece = file.pieces.find(({ pointer }) => pointer === at);
  if (piece === undefined || file.findings.hasErrorWithin(at)) return undefined;
  let value = under(file.value, pointerKeys(at));
  for (const [pointer, { text }] of file.resolved) {
    if (text !== undefined || !isWithin(pointer, at)) continue;
    const keys = pointerKeys(pointer.slice(at.length));
    const substitute = standIn(schemasAt(piece.schema, keys));
    if (substitute === undefined) return undefined;
    value = put(value, keys, substitute);
  }
  return driverOptions(mapWithDefaults(asMap(value), piece.schema), kind);
}

/** One end of a route with its connection, where both are free of errors. */
export function judgedEnd(
  routeAt: string,
  direction: 'from' | 'to' | 'deadLetter',
  file: JudgedFile,
): JudgedEnd | undefined {
  const name = under(file.value, [...pointerKeys(routeAt), direction, 'bus']);
  const bus = busBehind(file.value, name, file.vocabulary);
  if (bus === undefined || typeof name !== 'string') return undefined;
  const connectionAt = pointerTo('/buses', name);
  const at = pointerTo(routeAt, direction);
  const connection = options(connectionAt, 'connection', file);
  const end = options(at, direction === 'from' ? 'from' : 'to', file);
  return connection === undefined || end === undefined ? undefined : { bus, connectionAt, connection, at, end };
}
