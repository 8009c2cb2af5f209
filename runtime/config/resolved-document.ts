import type { FindingList } from './finding-list.ts';
import { explainValue } from './explain-value.ts';
import type { Piece } from './pieces.ts';
import { put } from './plain.ts';
import { isWithin, pointerKeys } from './pointer.ts';
import { fits, typedValue } from './reference-value.ts';
import type { Resolved } from './references.ts';
import { schemasAt } from './schema-at.ts';
import type { JsonSchema } from './vocabulary.ts';

/** The schemas that judge the place: those of the smallest part around it. */
export function judges(pointer: string, pieces: readonly Piece[]): readonly JsonSchema[] {
  let closest: Piece | undefined;
  for (const piece of pieces) {
    if (isWithin(pointer, piece.pointer) && piece.pointer.length >= (closest?.pointer.length ?? 0)) closest = piece;
  }
  if (closest === undefined) return [];
  return schemasAt(closest.schema, pointerKeys(pointer.slice(closest.pointer.length)));
}

/** The data with every reference replaced by its content, as the kind of value that its place takes. Unresolved ones stay as written. */
export function withContents(
  value: unknown,
  pieces: readonly Piece[],
  resolved: ReadonlyMap<string, Resolved>,
): unknown {
  let result = value;
  for (const [pointer, { text }] of resolved) {
    if (text === undefined) continue;
    result = put(result, pointerKeys(pointer), typedValue(text, judges(pointer, pieces)));
  }
  return result;
}

/** Judges only what came by reference, for a document that was checked before: without a schema compiler. */
export function judgeContents(
  pieces: readonly Piece[],
  resolved: ReadonlyMap<string, Resolved>,
  findings: FindingList,
): void {
  for (const [pointer, { text, written }] of resolved) {
    const schemas = judges(pointer, pieces);
    if (text === undefined || schemas.length === 0) continue;
    if (fits(typedValue(text, schemas), schemas)) continue;
    findings.add({ at: pointer, ...explainValue(schemas, pointer, written) });
  }
}
