import type { ExpressionLabel, ExpressionUse } from '#contract/expression.ts';
import type { Bus } from '#contract/bus.ts';
import { asList, asMap, own, type PlainMap } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';
import type { JudgedFile } from '../read/ends.ts';
import { busBehind, stageKind } from '../read/sections.ts';
import { sinkPlaces } from '../read/sink-places.ts';

/** The schema that a body fits before an expression: a whole one, or a part of it. */
export interface KnownBody {
  readonly schema: string;
  /** Names of properties from the whole down; `*` for the elements of a list. */
  readonly path: readonly string[];
}

/** An expression of the file, and what it may read. */
export interface ExpressionSite {
  /** JSON pointer of its text. */
  readonly at: string;
  readonly text: string;
  /** The text is no expression but the name of a field of the body, which the schema should have. */
  readonly isField: boolean;
  /** False where it comes by a reference that leads nowhere on this machine: then there is nothing to check. */
  readonly isKnown: boolean;
  /** The reference that it came by, which findings show instead of its text. */
  readonly reference: string | undefined;
  readonly use: ExpressionUse;
  /** Undefined where no schema says what the body is. */
  readonly body: KnownBody | undefined;
}

const NO_LABEL: ExpressionLabel = { class: '', has: () => false };

/** `body.items`, and no more. */
const FIELD_OF_BODY = /^\s*body((?:\.[A-Za-z_][A-Za-z0-9_]*)+)\s*$/;

/** Every expression of the file, in its order. Stages with errors have none. */
export function expressionSites(file: JudgedFile): readonly ExpressionSite[] {
  return asList(own(asMap(file.value), 'routes')).flatMap((route, index) =>
    sitesOf(file, pointerTo('/routes', index), asMap(route)),
  );
}

function sitesOf(file: JudgedFile, at: string, route: PlainMap): readonly ExpressionSite[] {
  const { value, catalog, findings } = file;
  const bus = busBehind(value, own(asMap(own(route, 'from')), 'bus'), catalog);
  if (bus === undefined) return [];
  const sites: ExpressionSite[] = [];
  let body: KnownBody | undefined;
  for (const [position, item] of asList(own(route, 'stages')).entries()) {
    const stageAt = pointerTo(at, 'stages', position);
    const kind = stageKind(item, catalog);
    const stage = asMap(item);
    const expressions = findings.hasErrorWithin(stageAt) ? [] : (kind?.expressions?.(stage) ?? []);
    for (const { path, text, result } of expressions) {
      sites.push(siteOf(file, pointerTo(stageAt, ...path), text, { bus, result, body }));
    }
    const fields = body === undefined || findings.hasErrorWithin(stageAt) ? [] : (kind?.fields?.(stage) ?? []);
    for (const { path, field } of fields) {
      const site = siteOf(file, pointerTo(stageAt, ...path), field, { bus, result: 'value', body });
      sites.push({ ...site, isField: true });
    }
    body = bodyAfter(body, kind, stage);
  }
  for (const sink of sinkPlaces(at, route)) {
    const when = own(asMap(sink.to), 'when');
    const whenAt = pointerTo(sink.at, 'when');
    if (typeof when !== 'string' || when === '' || findings.hasErrorWithin(whenAt)) continue;
    sites.push(siteOf(file, whenAt, when, { bus, result: 'bool', body }));
  }
  return sites;
}

function siteOf(
  { resolved, value }: JudgedFile,
  at: string,
  text: string,
  {
    bus,
    result,
    body,
  }: { readonly bus: Bus; readonly result: ExpressionUse['result']; readonly body: KnownBody | undefined },
): ExpressionSite {
  // Only the check compiles it with this label: nothing is evaluated.
  const label = Object.hasOwn(asMap(value), 'labels') ? (): ExpressionLabel => NO_LABEL : undefined;
  const use = { grammar: bus.grammar, hasBigints: false, result, label };
  const reference = resolved.get(at);
  const isKnown = reference === undefined || reference.text !== undefined;
  return { at, text, isField: false, isKnown, reference: reference?.written, use, body };
}

/** The body that a stage passes on. */
function bodyAfter(
  body: KnownBody | undefined,
  kind: ReturnType<typeof stageKind>,
  stage: PlainMap,
): KnownBody | undefined {
  if (kind === undefined) return undefined;
  const value = own(stage, kind.verb);
  const [schema, other] = kind.schemas?.(stage).after ?? [];
  if (schema !== undefined && other === undefined) return { schema, path: [] };
  if (!kind.changesBody) return body;
  // The elements of a field have a schema of their own; those of anything else are not known.
  const fields = kind.makesElements === true ? FIELD_OF_BODY.exec(String(value))?.[1] : undefined;
  if (body === undefined || fields === undefined) return undefined;
  return { ...body, path: [...body.path, ...fields.split('.').slice(1), '*'] };
}
