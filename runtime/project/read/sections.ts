import {
  ANY_CONNECTION_SCHEMA,
  ANY_DEAD_LETTER_SINK_SCHEMA,
  anyEndSchema,
  connectionSchema,
  deadLetterSinkSchema,
  sinkSchema,
  sourceSchema,
  stageSchema,
} from '../fields/end-schema.ts';
import { FIELDS } from '../fields/field-tables.ts';
import { fileSchema, JUDGED_APART, oneOrList } from '../fields/file-schema.ts';
import { LOCAL_DEAD_LETTERS_SCHEMA } from '../fields/dead-letter-fields.ts';
import { asList, asMap, isMap, own } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';
import { sinkPlaces } from './sink-places.ts';
import type { JsonSchema } from '../json-schema.ts';
import type { Catalog } from '#contract/catalog.ts';
import type { Bus } from '#contract/bus.ts';
import type { NamedFile, StageKind } from '#contract/stage-kind.ts';

/** A part of a pipeline file with a schema of its own: the file, a connection, an end, a stage, a map of dead letters. */
export interface Section {
  readonly pointer: string;
  readonly schema: JsonSchema;
  /** Kind of the bus; of an end only. */
  readonly bus?: string | undefined;
}

const indexes = new WeakMap<readonly Section[], ReadonlyMap<string, Section>>();

/** The section at exactly this pointer. */
export function sectionAt(sections: readonly Section[], pointer: string): Section | undefined {
  let index = indexes.get(sections);
  if (index === undefined) {
    index = new Map(sections.map((section) => [section.pointer, section]));
    indexes.set(sections, index);
  }
  return index.get(pointer);
}

const APART = [JUDGED_APART];
const FILE_PARTS = {
  connection: JUDGED_APART,
  route: { from: APART, to: [oneOrList(JUDGED_APART)], stages: APART, deadLetter: APART },
};

/** The driver behind a connection's name; undefined where the name or its kind is not known. */
export function busBehind(value: unknown, connection: unknown, catalog: Catalog): Bus | undefined {
  if (typeof connection !== 'string') return undefined;
  const kind = own(asMap(own(asMap(own(asMap(value), 'buses')), connection)), 'bus');
  return typeof kind === 'string' ? catalog.buses.get(kind) : undefined;
}

/** The stage kind of one item of `stages`: that of its first known verb, in the form that the item has. */
export function stageKind(item: unknown, catalog: Catalog): StageKind | undefined {
  const verb = Object.keys(asMap(item)).find((key) => catalog.stages.has(key));
  const kind = verb === undefined ? undefined : catalog.stages.get(verb);
  return kind?.form?.(asMap(item)) ?? kind;
}

/** The files that one item of `stages` names. */
export function namedFiles(item: unknown, kind: StageKind): readonly NamedFile[] {
  if (kind.files !== undefined) return kind.files(asMap(item));
  const name = own(asMap(item), kind.verb);
  return kind.names === undefined || typeof name !== 'string' ? [] : [{ kind: kind.names, name, path: [kind.verb] }];
}

/** One schema object for each use of a driver, so that each is compiled once. */
class Schemas {
  readonly #made = new Map<string | StageKind, JsonSchema>();

  of(name: string | StageKind, make: () => JsonSchema): JsonSchema {
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    const made = make();
    this.#made.set(name, made);
    return made;
  }
}

/**
 * Divides the data of the file into sections, each with the schema of its kind of bus or stage. A union of the schemas of
 * all drivers would report one error once for each driver.
 */
export function sectionsOf(value: unknown, catalog: Catalog, fields = FIELDS): readonly Section[] {
  const schemas = new Schemas();
  const sections: Section[] = [{ pointer: '', schema: fileSchema(FILE_PARTS, fields) }];
  const end = (direction: 'from' | 'to', bus: Bus | undefined): JsonSchema =>
    schemas.of(`${direction} ${bus?.name ?? ''}`, () => {
      if (bus === undefined) return anyEndSchema(direction, catalog, fields);
      return direction === 'from' ? sourceSchema(bus, catalog, fields) : sinkSchema(bus, catalog, fields);
    });
  const file = asMap(value);
  for (const [name, connection] of Object.entries(asMap(own(file, 'buses')))) {
    if (!isMap(connection)) continue;
    const bus = busBehind(value, name, catalog);
    const schema =
      bus === undefined ? ANY_CONNECTION_SCHEMA : schemas.of(`bus ${bus.name}`, () => connectionSchema(bus));
    sections.push({ pointer: pointerTo('/buses', name), schema });
  }
  for (const [index, route] of asList(own(file, 'routes')).entries()) {
    const at = pointerTo('/routes', index);
    const source = own(asMap(route), 'from');
    const ends = [
      { direction: 'from', pointer: pointerTo(at, 'from'), options: source },
      ...sinkPlaces(at, route).map(({ at: pointer, to }) => ({ direction: 'to', pointer, options: to }) as const),
    ] as const;
    for (const { direction, pointer, options } of ends) {
      if (!isMap(options)) continue;
      const bus = busBehind(value, own(options, 'bus'), catalog);
      sections.push({ pointer, schema: end(direction, bus), bus: bus?.name });
    }
    const letters = own(asMap(route), 'deadLetter');
    if (isMap(letters)) {
      const bus = busBehind(value, own(letters, 'bus'), catalog);
      const ofBus =
        bus === undefined
          ? ANY_DEAD_LETTER_SINK_SCHEMA
          : schemas.of(`letters ${bus.name}`, () => deadLetterSinkSchema(bus));
      const schema = Object.hasOwn(letters, 'bus') ? ofBus : LOCAL_DEAD_LETTERS_SCHEMA;
      sections.push({ pointer: pointerTo(at, 'deadLetter'), schema, bus: bus?.name });
    }
    for (const [position, item] of asList(own(asMap(route), 'stages')).entries()) {
      const kind = stageKind(item, catalog);
      if (kind === undefined) continue;
      const schema = schemas.of(kind, () => stageSchema(kind));
      sections.push({ pointer: pointerTo(at, 'stages', position), schema });
    }
  }
  return sections;
}
