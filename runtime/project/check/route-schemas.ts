import type { Catalog } from '#contract/catalog.ts';
import type { StageKind, StageSchemas } from '#contract/stage-kind.ts';
import { SCHEMA_HEADER } from '#contract/message.ts';
import { asList, asMap, own } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';
import { namedFiles, stageKind } from '../read/sections.ts';
import { sinkPlaces } from '../read/sink-places.ts';
import { guardsIn } from '../guards/guard-file.ts';
import type { FindingList } from './finding-list.ts';

/** A function at its place in a route, between the schemas of the bodies before and behind it. */
export interface FunctionCall extends StageSchemas {
  readonly name: string;
  /** Pointer of the function's name in the pipeline file. */
  readonly at: string;
}

interface Step {
  readonly item: unknown;
  readonly at: string;
  readonly kind: StageKind | undefined;
  readonly schemas: StageSchemas | undefined;
}

function stepsOf(routeAt: string, route: unknown, catalog: Catalog): readonly Step[] {
  return asList(own(asMap(route), 'stages')).map((item, index) => {
    const kind = stageKind(item, catalog);
    return { item, at: pointerTo(routeAt, 'stages', index), kind, schemas: kind?.schemas?.(asMap(item)) };
  });
}

/** The schemas that bodies fit behind the step, given those before it. */
function behind({ kind, schemas }: Step, before: readonly string[]): readonly string[] {
  return schemas?.after ?? (kind?.changesBody === false ? before : []);
}

/** The schemas by which the bodies in front of these steps are judged before a stage changes them. */
function judgedBy(steps: readonly Step[]): readonly string[] {
  const next = steps.find(({ kind, schemas }) => schemas !== undefined || kind?.changesBody !== false);
  return next?.schemas?.before ?? [];
}

/** Every call of a function of the file, whatever else is wrong with it. */
export function functionCalls(value: unknown, catalog: Catalog): readonly FunctionCall[] {
  return asList(own(asMap(value), 'routes')).flatMap((route, routeIndex) => {
    const steps = stepsOf(pointerTo('/routes', routeIndex), route, catalog);
    let before: readonly string[] = [];
    return steps.flatMap((step, index) => {
      const { item, at, kind } = step;
      const around = { before, after: judgedBy(steps.slice(index + 1)) };
      const functions = kind === undefined ? [] : namedFiles(item, kind).filter((file) => file.kind === 'function');
      before = behind(step, before);
      return functions.map(({ name, path, between }) => ({ name, at: pointerTo(at, ...path), ...around, ...between }));
    });
  });
}

/** `checkRoute` for each route. No value of the environment changes its findings: bundles do without it. */
export function checkDescribed(value: unknown, catalog: Catalog, findings: FindingList): void {
  for (const [index, route] of asList(own(asMap(value), 'routes')).entries()) {
    checkRoute(pointerTo('/routes', index), route, { catalog, findings, guards: guardsIn(value) });
  }
}

interface Checking {
  readonly catalog: Catalog;
  readonly findings: FindingList;
  readonly guards: ReturnType<typeof guardsIn>;
}

/** The schema that a guard itself judges what leaves by, if the step is one. */
function releasedBy({ item }: Step, guards: Checking['guards']): readonly string[] | undefined {
  const out = own(asMap(guards.get(String(own(asMap(item), 'guard')))), 'out');
  return typeof out === 'string' ? [out] : undefined;
}

/**
 * Reports bodies that leave a route and that no schema describes: a warning where the route has schemas and changes bodies behind
 * them, else a notice.
 */
function checkRoute(routeAt: string, route: unknown, { catalog, findings, guards }: Checking): void {
  const steps = stepsOf(routeAt, route, catalog);
  if (findings.hasErrorWithin(pointerTo(routeAt, 'stages')) || steps.some(({ kind }) => kind === undefined)) return;
  let schemas: readonly string[] = [];
  for (const step of steps) schemas = behind(step, schemas);
  const stamp = own(asMap(route), 'stamp') === true;
  if (schemas.length > 0) return stamp ? undefined : findStaleHeader(steps, route, findings);
  if (stamp) {
    findings.add({
      code: 'OPTIONS_CONFLICT',
      at: pointerTo(routeAt, 'stamp'),
      side: 'key',
      expected: 'a validate behind the last stage that changes bodies: stamp writes the name of its schema',
      found: 'none',
      write: '- validate: NAME as the last stage, or nothing: remove stamp',
    });
    return;
  }
  let described: readonly string[] = [];
  for (const step of steps) described = releasedBy(step, guards) ?? behind(step, described);
  if (described.length > 0) return;
  const changer = steps.findLast(({ kind }) => kind?.changesBody === true);
  const verb = changer?.kind?.verb ?? '';
  const hasSchemas = steps.some((step) => step.schemas !== undefined);
  const name = JSON.stringify(own(asMap(route), 'name'));
  findings.add({
    code: 'BODY_UNDESCRIBED',
    severity: hasSchemas ? 'warning' : 'notice',
    at: changer === undefined ? pointerTo(routeAt, 'to') : pointerTo(changer.at, verb),
    expected: 'a schema that describes what leaves the route',
    found:
      changer === undefined
        ? `none: route ${name} sends what it reads`
        : `none: ${verb} changes the bodies of route ${name}, and nothing judges them behind it`,
    write: changer === undefined ? 'stages: [{ validate: NAME }]' : '- validate: NAME behind it',
  });
}

/** The publisher's header names the schema before an upcast, and would go out beside a body of the one behind it. */
function findStaleHeader(steps: readonly Step[], route: unknown, findings: FindingList): void {
  const isDropped = sinkPlaces('', route).every(({ to }) =>
    asList(own(asMap(own(asMap(to), 'headers')), 'drop')).includes(SCHEMA_HEADER),
  );
  if (isDropped) return;
  for (const { at, kind, item } of steps) {
    if (kind?.changesBody !== true || kind.schemas === undefined) continue;
    const by = own(asMap(own(asMap(item), kind.verb)), 'by');
    if (typeof by !== 'string' || !by.includes(`header.${SCHEMA_HEADER}`)) continue;
    findings.add({
      code: 'SCHEMA_HEADER_STALE',
      at: pointerTo(at, kind.verb, 'by'),
      expected: `stamp: true in the route, so that the header ${SCHEMA_HEADER} names the schema that leaves`,
      found: `upcasts, and a header ${SCHEMA_HEADER} that leaves as the publisher wrote it`,
      write: `stamp: true, or headers: { drop: [${SCHEMA_HEADER}] } in to`,
    });
  }
}
