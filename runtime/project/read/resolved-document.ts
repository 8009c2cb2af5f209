import { example, isBackoff, isDuration, isRate, isSize } from '../check/describe.ts';
import type { FindingList } from '../check/finding-list.ts';
import { explainValue } from '../check/explain-value.ts';
import { sectionAt } from './sections.ts';
import type { Section } from './sections.ts';
import { under } from '#kit/json-value.ts';
import { parentPointer, pointerKeys } from '#kit/pointer.ts';
import { fits, typedValue } from './reference-value.ts';
import type { Resolved } from './references.ts';
import { admits, schemasAt } from '../check/schema-at.ts';
import type { JsonSchema } from '../json-schema.ts';

/** The schemas of a pointer: those of the smallest section around it. */
export function judges(pointer: string, sections: readonly Section[]): readonly JsonSchema[] {
  for (let at: string | undefined = pointer; at !== undefined; at = parentPointer(at)) {
    const section = sectionAt(sections, at);
    if (section !== undefined) return schemasAt(section.schema, pointerKeys(pointer.slice(at.length)));
  }
  return [];
}

/** The data with every reference replaced by its content, as a value of the expected type. Unresolved ones stay as written. */
export function withContents(
  value: unknown,
  sections: readonly Section[],
  resolved: ReadonlyMap<string, Resolved>,
): unknown {
  const result: unknown = structuredClone(value);
  for (const [pointer, { text }] of resolved) {
    const holder = under(result, pointerKeys(parentPointer(pointer) ?? ''));
    if (text === undefined || typeof holder !== 'object' || holder === null) continue;
    Reflect.set(holder, pointerKeys(pointer).at(-1) ?? '', typedValue(text, judges(pointer, sections)));
  }
  return result;
}

/**
 * The data with a valid substitute for every unresolved reference whose text is no valid value itself, such as a duration or
 * a number. For a spec that is never run.
 */
export function withStandIns(
  value: unknown,
  sections: readonly Section[],
  resolved: ReadonlyMap<string, Resolved>,
): unknown {
  const standIns = new Map<string, Resolved>();
  for (const [pointer, { text, written }] of resolved) {
    const schemas = judges(pointer, sections);
    if (text !== undefined || schemas.length === 0 || fits(written, schemas)) continue;
    const standIn = standInFor(schemas);
    if (standIn !== undefined) standIns.set(pointer, { text: String(standIn), written });
  }
  return standIns.size === 0 ? value : withContents(value, sections, standIns);
}

/** Refuses unresolved references where the schema takes neither text nor number nor boolean. */
export function refuseMisplaced(
  sections: readonly Section[],
  resolved: ReadonlyMap<string, Resolved>,
  findings: FindingList,
): void {
  for (const [pointer, { text, written }] of resolved) {
    const schemas = judges(pointer, sections);
    if (text !== undefined || schemas.length === 0) continue;
    if (schemas.some((schema) => ['', 1, true].some((value) => admits(schema, value)))) continue;
    findings.add({ at: pointer, ...explainValue(schemas, pointer, written) });
  }
}

/** A value that the schemas accept; undefined where none is certain to be valid. */
export function standInFor([schema]: readonly JsonSchema[]): string | number | boolean | undefined {
  if (schema === undefined) return undefined;
  const [choice] = Array.isArray(schema['enum']) ? (schema['enum'] as readonly unknown[]) : [];
  if (typeof choice === 'string' || typeof choice === 'number') return choice;
  if (isDuration(schema) || isSize(schema) || isRate(schema) || isBackoff(schema)) return example(schema);
  if (admits(schema, 'x')) return 'pattern' in schema || 'format' in schema ? undefined : 'unset';
  if (admits(schema, true)) return true;
  return typeof schema['minimum'] === 'number' ? schema['minimum'] : admits(schema, 1) ? 1 : undefined;
}

/** Checks only the values of references, for a document that was checked before. Needs no schema compiler. */
export function judgeContents(
  sections: readonly Section[],
  resolved: ReadonlyMap<string, Resolved>,
  findings: FindingList,
): void {
  for (const [pointer, { text, written }] of resolved) {
    const schemas = judges(pointer, sections);
    if (text === undefined || schemas.length === 0) continue;
    if (fits(typedValue(text, schemas), schemas)) continue;
    findings.add({ at: pointer, ...explainValue(schemas, pointer, written) });
  }
}
