import { isReserved } from '#contract/frame.ts';
import { isDecimal } from '#kit/decimal.ts';
import { isMap, type PlainMap, under } from '#kit/json-value.ts';
import { countOf, type TimeUnit } from '#kit/time-unit.ts';
import type { Catalog } from '#contract/catalog.ts';
import { busOf } from '../host/catalog-of.ts';
import { isFieldName } from '../template/header-field.ts';
import type { PipelineSpec, RouteSpec } from '../project/pipeline-spec.ts';
import { endOptions } from '../host/end-options.ts';
import { keyPlace, withKey, withValue } from '../ends/key-place.ts';
import { loadSchemas, readSchemas } from '../project/schemas/load-schemas.ts';
import type { ProjectFolders } from '../project/project-files.ts';
import { baseOf, SchemaNames } from '../project/schemas/schema-names.ts';
import type { Validator } from '#contract/validator.ts';
import { type Mark, markedBody, type MarkPlace } from './mark.ts';
import { sampleOf } from './sample.ts';

/** The parts of a check's bodies, so that the stages of a route take them. */
export interface BodyPlan {
  readonly body: PlainMap;
  /** The route's first schema takes neither mark nor padding. */
  readonly isBare: boolean;
  /** Fields that must differ from message to message: the route identifies its messages by them. */
  readonly values: readonly BodyValue[];
  /** Headers that the templates of the route read beside the body and the key. */
  readonly headers: readonly HeaderValue[];
  readonly markPlace: MarkPlace;
}

/** A text that no other message has, the number within the key, or the time of sending in a unit. */
type ValueKind = 'unique' | 'number' | TimeUnit;

/** A field that the route reads. */
export interface BodyValue {
  readonly path: readonly string[];
  readonly kind: ValueKind;
}

/** A header that the route reads; `word`: any text. */
export interface HeaderValue {
  readonly name: string;
  readonly kind: ValueKind | 'word';
}

interface Given {
  readonly catalog: Catalog;
  readonly project: ProjectFolders;
  /** Of the command line, instead of one made of a schema. */
  readonly body: PlainMap | undefined;
  readonly markPlace: MarkPlace | undefined;
  readonly key: string | undefined;
}

const SOME: Mark = { run: '0', key: 'k0', number: 1, sentAtMs: 0 };
const LONG = 256;

/** Bodies that the stages of a route take, made of its first schema where nothing else is given; or why there are none. */
export function planBodies(spec: PipelineSpec, route: RouteSpec, given: Given): BodyPlan | { readonly flaw: string } {
  const schema = firstSchema(route);
  const base = given.body ?? (schema === undefined ? {} : sampled(schema, given.project));
  if (!isMap(base)) return { flaw: `schema ${schema} requires a body that is no JSON object` };
  const validator = schema === undefined ? undefined : loadSchemas([schema], given.project).validators.get(schema);
  const { values, headers } = valuesOf(route, given.key ?? '{key}');
  const filled = withValues(withKey(base, keyPlace(given.key ?? '{key}'), SOME.key), values, {
    ...SOME,
    sentAtMs: Date.now(),
  });
  const marked: unknown = JSON.parse(Buffer.from(markedBody(SOME, filled, LONG)).toString());
  const isBare = !fits(validator, marked);
  if (isBare && !fits(validator, filled)) {
    return {
      flaw: `schema ${schema} takes no body that could be made for it (${rule(validator)}): give one with --body FILE`,
    };
  }
  const markPlace = placeFor(spec, route, isBare, given);
  return typeof markPlace === 'string' ? { body: base, isBare, values, headers, markPlace } : markPlace;
}

/** The body with the fields that tell its message from others. */
export function withValues(body: PlainMap, values: readonly BodyValue[], { key, number, sentAtMs }: Mark): PlainMap {
  return values.reduce((made, { path, kind }) => withValue(made, path, valueFor(kind, under(made, path))), body);

  /** As the schema has it there: a sequence or a time may be a number, digits, or RFC 3339. */
  function valueFor(kind: BodyValue['kind'], before: unknown): unknown {
    if (kind === 'unique') return `${key}-${number}`;
    const value = kind === 'number' ? number : countOf(sentAtMs, kind);
    if (typeof before !== 'string') return value;
    return isDecimal(before) ? String(value) : new Date(sentAtMs).toISOString();
  }
}

/** The texts of headers that tell a message from others, or that only have to be there. */
export function headerTexts(
  headers: readonly HeaderValue[],
  { key, number, sentAtMs }: Mark,
): readonly (readonly [name: string, text: string])[] {
  const textOf = (kind: HeaderValue['kind']): string => {
    if (kind === 'word') return 'verify';
    if (kind === 'unique') return `${key}-${number}`;
    // RFC 3339 is taken whatever unit the file states.
    return kind === 'number' ? String(number) : new Date(sentAtMs).toISOString();
  };
  return headers.map(({ name, kind }) => [name, textOf(kind)] as const);
}

/** The schema that checks a message before any function has made another body of it. */
function firstSchema({ stages }: RouteSpec): string | undefined {
  const [first] = stages;
  return first?.kind.names === 'schema' ? first.name : undefined;
}

function sampled(schema: string, project: ProjectFolders): unknown {
  const { files } = readSchemas(project, new Set([schema]));
  const names = new SchemaNames([...files.values()]);
  const file = files.get(schema);
  return file === undefined ? {} : sampleOf(names.schemaAt(baseOf(file)), (target) => names.schemaAt(target));
}

/** A field or header of the key keeps the key's value, whatever else is read from there. */
function valuesOf({ from, to }: RouteSpec, key: string): Pick<BodyPlan, 'values' | 'headers'> {
  const keys = keyPlace(key);
  const paths = keys.bodyPaths.map((path) => path.join('/'));
  const templates = [
    ['unique', from.id],
    ['unique', from.dedupe?.by],
    ['number', from.sequence],
    [from.timestamp?.unit ?? 'ms', from.timestamp?.of],
  ] as const;
  const read = templates.flatMap(([kind, template]) =>
    template === undefined ? [] : [{ kind, place: keyPlace(template) }],
  );
  const values = read.flatMap(({ kind, place }) =>
    place.bodyPaths.filter((path) => !paths.includes(path.join('/'))).map((path) => ({ path, kind })),
  );
  const headerValues = read.flatMap(({ kind, place }) => place.headers.map((name) => ({ name, kind })));
  // No function makes a header: the headers that the sink's templates name come from the source.
  const named = [to.address, ...to.headers.set.values()].flatMap((template) => keyPlace(template).headers);
  const headers = new Map<string, HeaderValue>(named.map((name) => [name, { name, kind: 'word' }]));
  for (const one of headerValues) headers.set(one.name, one);
  // The checker sets id, type and expiry itself, and it judges label and marks.
  const others = [...headers.keys()].filter((name) => isFieldName(name) || isReserved(name));
  for (const name of [...keys.headers, ...others]) headers.delete(name);
  return { values, headers: [...headers.values()] };
}

/** The place in which marks survive on their way; or the reason why there is none. */
function placeFor(
  spec: PipelineSpec,
  { name, from, to, stages }: RouteSpec,
  isBare: boolean,
  { catalog, markPlace }: Given,
): MarkPlace | { readonly flaw: string } {
  const made = stages.find(({ kind }) => kind.changesBody);
  const why = isBare ? 'its schema takes no mark in the body' : `${made?.verb} ${made?.name} makes another body`;
  if (markPlace === 'body' && isBare) return { flaw: `marks cannot survive: ${why}: --mark header` };
  const place = markPlace ?? (isBare || made !== undefined ? 'header' : 'body');
  if (place === 'body') return place;
  const carries = {
    [from.connection]: busOf(catalog, from.bus).sourceGuarantees(endOptions(spec, from)).carriesHeaders,
    [to.connection]: busOf(catalog, to.bus).sinkGuarantees(endOptions(spec, to)).carriesHeaders,
  };
  const without = Object.keys(carries).filter((connection) => carries[connection] === false);
  if (without.length === 0) return place;
  const hint = isBare ? '' : ', or --mark body where the function keeps the fields mark and padding';
  return {
    flaw: `route ${name} leaves no place for marks: ${why}, and ${without.join(' and ')} ${without.length === 1 ? 'carries' : 'carry'} no headers; MQTT does with protocol: "5"${hint}`,
  };
}

function fits(validator: Validator | undefined, body: unknown): boolean {
  return validator?.(body) ?? true;
}

function rule(validator: Validator | undefined): string {
  const [first] = validator?.errors ?? [];
  return first === undefined ? 'no reason is given' : `${first.instancePath || '/'} against ${first.keyword}`;
}
