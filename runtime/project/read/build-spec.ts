import type { Bus } from '#contract/bus.ts';
import type { Catalog } from '#contract/catalog.ts';
import { asList, asMap, own } from '#kit/json-value.ts';
import type { PlainMap } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';
import { parseDeadLetterBounds } from '../fields/dead-letter-fields.ts';
import { parseFields } from '../fields/field.ts';
import { FIELDS, type FieldTables, sharedFields } from '../fields/field-tables.ts';
import type { FileContext } from '../fields/file-fields.ts';
import type { RouteContext } from '../fields/route-fields.ts';
import type { SinkFieldValues } from '../fields/sink-fields.ts';
import { optional, text } from '../fields/values.ts';
import type { JsonSchema } from '../json-schema.ts';
import type { ConnectionSpec, PipelineSpec, RouteSpec, StageSpec } from '../pipeline-spec.ts';
import { type References, rereader } from './reread.ts';
import { stageKind } from './sections.ts';
import type { SourceMap } from './source-map.ts';
import { fillDefaults } from './fill-defaults.ts';

/** A checked file's data, references resolved. */
export interface CheckedFile extends References {
  readonly file: string;
  readonly value: unknown;
  readonly places: SourceMap;
  readonly catalog: Catalog;
  readonly fields?: FieldTables | undefined;
}

function without(map: PlainMap, names: readonly string[]): PlainMap {
  return Object.fromEntries(Object.entries(map).filter(([name]) => !names.includes(name)));
}

/** The driver's own options of a connection or an end, without the connection's name and the words that every bus shares. */
export function driverOptions(options: PlainMap, kind: 'connection' | 'from' | 'to', fields: FieldTables): PlainMap {
  return without(options, kind === 'connection' ? ['bus'] : sharedFields(fields, kind));
}

/** The sink's option that holds the address template: the first that is given, else the first. */
export function addressOptionOf(bus: Bus, to: PlainMap): string {
  return bus.addressOptions.find((name) => own(to, name) !== undefined) ?? bus.addressOptions[0];
}

function endOf(options: PlainMap, bus: Bus, kind: 'from' | 'to', fields: FieldTables) {
  return {
    connection: text(options, 'bus'),
    bus: bus.name,
    options: driverOptions(options, kind, fields),
  };
}

/** Makes the spec of a file without errors. Throws TypeError on one that was not checked. */
export function buildSpec({ file, value, places, catalog, fields = FIELDS, ...references }: CheckedFile): PipelineSpec {
  const schemas = new Map<string, JsonSchema>(references.sections.map(({ pointer, schema }) => [pointer, schema]));
  const filled = (pointer: string, options: unknown): PlainMap =>
    fillDefaults(asMap(options), schemas.get(pointer) ?? {});
  const connections = new Map<string, ConnectionSpec>();
  for (const [name, options] of Object.entries(asMap(own(asMap(value), 'buses')))) {
    const at = pointerTo('/buses', name);
    const all = filled(at, options);
    const given = without(all, ['bus']);
    const reread = rereader(at, given, references);
    connections.set(name, { name, bus: text(all, 'bus'), options: given, ...(reread !== undefined && { reread }) });
  }
  const busOf = (end: PlainMap): Bus => {
    const bus = catalog.buses.get(connections.get(text(end, 'bus'))?.bus ?? '');
    if (bus === undefined) throw new TypeError('the bus is not in the catalog: the file was not checked against it');
    return bus;
  };
  const stage = (pointer: string, item: unknown, position: number): StageSpec => {
    const kind = stageKind(item, catalog);
    if (kind === undefined) throw new TypeError('the stage is not in the catalog: the file was not checked against it');
    const { verb } = kind;
    const all = filled(pointer, item);
    const name = kind.names === undefined ? String(position + 1) : text(all, verb);
    const { line, column } = places.of(pointer);
    const place = `${file}:${line}:${column}`;
    return { verb, kind, name, value: own(all, verb), options: without(all, [verb]), place };
  };
  const route = (item: unknown, index: number): RouteSpec => {
    const at = pointerTo('/routes', index);
    const context: RouteContext = {
      source(options, trafficClass) {
        const from = filled(pointerTo(at, 'from'), options);
        const bus = busOf(from);
        const end = endOf(from, bus, 'from', fields);
        const connection = connections.get(end.connection)?.options ?? {};
        const { instances } = bus.sourceGuarantees({ connection, end: end.options });
        const hasBoundedRoom = instances?.room !== undefined;
        return { ...end, ...parseFields(fields.source, from, { trafficClass, hasBoundedRoom }) };
      },
      stage: (stageItem, position) => stage(pointerTo(at, 'stages', position), stageItem, position),
      sink(options, sinkIndex) {
        const pointer = sinkIndex === undefined ? pointerTo(at, 'to') : pointerTo(at, 'to', sinkIndex);
        const to = filled(pointer, options);
        const bus = busOf(to);
        const address = optional(to, addressOptionOf(bus, to)) ?? '';
        return {
          ...endOf(to, bus, 'to', fields),
          address,
          ...parseFields<SinkFieldValues, unknown>(fields.sink, to, {}),
        };
      },
      letters(options) {
        const letters = filled(pointerTo(at, 'deadLetter'), options);
        if (!Object.hasOwn(letters, 'bus')) return { bounds: parseDeadLetterBounds(letters), to: undefined };
        const bus = busOf(letters);
        const address = optional(letters, addressOptionOf(bus, letters)) ?? '';
        return { bounds: parseDeadLetterBounds({}), to: { ...endOf(letters, bus, 'to', fields), address } };
      },
    };
    return parseFields(fields.route, asMap(item), context);
  };
  return parseFields<PipelineSpec, FileContext>(fields.file, asMap(value), {
    connections: () => connections,
    routes: (items) => asList(items).map(route),
  });
}
