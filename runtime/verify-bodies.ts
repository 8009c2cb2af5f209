import { isDecimal } from '#kit/decimal.ts';
import { isMap, type PlainMap, under } from '#kit/plain.ts';
import { countOf, type TimeUnit } from '#kit/time-unit.ts';
import { busOf, type Catalog } from './catalog-of.ts';
import type { PipelineSpec, RouteSpec } from './config/pipeline-spec.ts';
import { endOptions } from './end-options.ts';
import { keyPlace, withKey, withValue } from './key-place.ts';
import { loadSchemas, readSchemas } from './load-schemas.ts';
import type { ProjectFolders } from './project-files.ts';
import { baseOf, SchemaNames } from './stages/schema-names.ts';
import type { Validator } from './stages/validate.ts';
import { type Mark, markedBody, type MarkPlace } from './verify/mark.ts';
import { sampleOf } from './verify/sample.ts';

/** What the bodies of a check are made of, so that the stages of a route take them. */
export interface BodyPlan {
  readonly body: PlainMap;
  /** The route's first schema takes neither mark nor padding. */
  readonly isBare: boolean;
  /** What must differ from message to message, for the route tells its messages by it. */
  readonly values: readonly BodyValue[];
  readonly markPlace: MarkPlace;
}

/** A field that the route reads: a text that no other message has, the number within the key, or the time of sending in a unit. */
export interface BodyValue {
  readonly path: readonly string[];
  readonly kind: 'unique' | 'number' | TimeUnit;
}

interface Given {
  readonly catalog: Catalog;
  readonly project: ProjectFolders;
  /** Of the command line, instead of what a schema yields. */
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
  if (!isMap(base)) return { flaw: `schema ${schema} asks for a body that is no JSON object` };
  const validator = schema === undefined ? undefined : loadSchemas([schema], given.project).validators.get(schema);
  const values = valuesOf(route);
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
  return typeof markPlace === 'string' ? { body: base, isBare, values, markPlace } : markPlace;
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

/** The schema that a message meets before any function has made another body of it. */
function firstSchema({ stages }: RouteSpec): string | undefined {
  const [first] = stages;
  return first?.verb === 'validate' ? first.name : undefined;
}

function sampled(schema: string, project: ProjectFolders): unknown {
  const { files } = readSchemas(project, new Set([schema]));
  const names = new SchemaNames([...files.values()]);
  const file = files.get(schema);
  return file === undefined ? {} : sampleOf(names.schemaAt(baseOf(file)), (target) => names.schemaAt(target));
}

/** What is the key stays the key, whatever else is read from there. */
function valuesOf({ from: { key, id, dedupe, sequence, timestamp } }: RouteSpec): readonly BodyValue[] {
  const keys = (key === undefined ? [] : keyPlace(key).bodyPaths).map((path) => path.join('/'));
  const templates = [
    ['unique', id],
    ['unique', dedupe?.by],
    ['number', sequence],
    [timestamp?.unit ?? 'ms', timestamp?.of],
  ] as const;
  return templates.flatMap(([kind, template]) =>
    (template === undefined ? [] : keyPlace(template).bodyPaths)
      .filter((path) => !keys.includes(path.join('/')))
      .map((path) => ({ path, kind })),
  );
}

/** Where marks survive on their way; or why nowhere. */
function placeFor(
  spec: PipelineSpec,
  { name, from, to, stages }: RouteSpec,
  isBare: boolean,
  { catalog, markPlace }: Given,
): MarkPlace | { readonly flaw: string } {
  const made = stages.find(({ verb }) => verb === 'function');
  const why = isBare ? 'its schema takes no mark in the body' : `function ${made?.name} makes another body`;
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
  return first === undefined ? 'it says not why' : `${first.instancePath || '/'} against ${first.keyword}`;
}
