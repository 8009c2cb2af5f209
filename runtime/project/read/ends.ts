import type { FindingList } from '../check/finding-list.ts';
import { driverOptions } from './build-spec.ts';
import type { JudgedEnd } from '../fields/field.ts';
import { FIELDS, type FieldTables } from '../fields/field-tables.ts';
import { fillDefaults } from './fill-defaults.ts';
import { busBehind, sectionAt } from './sections.ts';
import type { Section } from './sections.ts';
import { asMap, put, under } from '#kit/json-value.ts';
import type { PlainMap } from '#kit/json-value.ts';
import { parentPointer, pointerKeys, pointerTo } from '#kit/pointer.ts';
import type { Resolved } from './references.ts';
import { standInFor } from './resolved-document.ts';
import { schemasAt } from '../check/schema-at.ts';
import type { Catalog } from '#contract/catalog.ts';

/** The file as the checks of a route need it. */
export interface JudgedFile {
  readonly value: unknown;
  readonly sections: readonly Section[];
  readonly resolved: ReadonlyMap<string, Resolved>;
  readonly catalog: Catalog;
  readonly findings: FindingList;
  readonly fields?: FieldTables | undefined;
}

const unresolved = new WeakMap<ReadonlyMap<string, Resolved>, ReadonlyMap<string, readonly string[]>>();

/** Unresolved references at this pointer or beneath it. */
function unresolvedWithin(at: string, resolved: ReadonlyMap<string, Resolved>): readonly string[] {
  let byHolder = unresolved.get(resolved);
  if (byHolder === undefined) {
    const made = new Map<string, string[]>();
    for (const [pointer, { text }] of resolved) {
      if (text !== undefined) continue;
      for (let holder: string | undefined = pointer; holder !== undefined; holder = parentPointer(holder)) {
        const beneath = made.get(holder);
        if (beneath === undefined) made.set(holder, [pointer]);
        else beneath.push(pointer);
      }
    }
    byHolder = made;
    unresolved.set(resolved, byHolder);
  }
  return byHolder.get(at) ?? [];
}

/** Whether no value at this pointer or beneath it is an unresolved reference. */
export function isKnown(at: string, { resolved }: JudgedFile): boolean {
  return unresolvedWithin(at, resolved).length === 0;
}

/** The driver's options at a pointer with defaults filled in; undefined where they have errors or an unknown value. */
function options(at: string, kind: 'connection' | 'from' | 'to', file: JudgedFile): PlainMap | undefined {
  const section = sectionAt(file.sections, at);
  if (section === undefined || file.findings.hasErrorWithin(at)) return undefined;
  let value = under(file.value, pointerKeys(at));
  for (const pointer of unresolvedWithin(at, file.resolved)) {
    const keys = pointerKeys(pointer.slice(at.length));
    const substitute = standInFor(schemasAt(section.schema, keys));
    if (substitute === undefined) return undefined;
    value = put(value, keys, substitute);
  }
  return driverOptions(fillDefaults(asMap(value), section.schema), kind, file.fields ?? FIELDS);
}

/** The end at a pointer with its connection, where both are free of errors. `kind`: that of the bus's own options. */
export function judgedEnd(at: string, kind: 'from' | 'to', file: JudgedFile): JudgedEnd | undefined {
  const name = under(file.value, [...pointerKeys(at), 'bus']);
  const bus = busBehind(file.value, name, file.catalog);
  if (bus === undefined || typeof name !== 'string') return undefined;
  const connectionAt = pointerTo('/buses', name);
  const connection = options(connectionAt, 'connection', file);
  const end = options(at, kind, file);
  return connection === undefined || end === undefined ? undefined : { bus, connectionAt, connection, at, end };
}
