import { isDeepStrictEqual } from 'node:util';
import type { ProjectParts } from '../../host/wire.ts';
import type { PipelineSpec, RouteSpec } from '../../project/pipeline-spec.ts';

/** A checked version of a project. */
export interface Version {
  readonly spec: PipelineSpec;
  readonly parts: ProjectParts;
  /** Files that functions were compiled of, from the project's folder. */
  readonly imported: readonly string[];
}

/**
 * Why the routes have to be opened anew for a version; undefined where new stages are all that it needs. `changed`: the files that
 * differ. Names and limits of stages belong to the route too: the watchdog of the event loop, the meters and the page have them from its start.
 */
export function whyRestart(old: Version, next: Version, changed: readonly string[]): string | undefined {
  if (old.spec.guards.size > 0 || next.spec.guards.size > 0) return 'the file has guards';
  const policy = next.spec.labels === undefined ? undefined : changed.find((path) => path.endsWith('.policy.json'));
  if (policy !== undefined) return `the label policy ${policy} has changed`;
  const codecs = [...(next.parts.codecs?.files.keys() ?? [])].map((name) => `schemas/${name}`);
  const codec = changed.find((path) => codecs.includes(path));
  if (codec !== undefined) return `a codec has the schema ${codec}`;
  const routes = new Map(old.spec.routes.map((route) => [route.name, route]));
  for (const route of next.spec.routes) {
    const before = routes.get(route.name);
    if (before === undefined) return `route ${route.name} is new`;
    if (!isSame(shapes(before), shapes(route))) return `route ${route.name} has other stages`;
    if (!isSame(withoutStages(before), withoutStages(route)))
      return `route ${route.name} has changed around its stages`;
  }
  const gone = old.spec.routes.find(({ name }) => !next.spec.routes.some((route) => route.name === name));
  if (gone !== undefined) return `route ${gone.name} is gone`;
  return isSame(withoutRoutes(old.spec), withoutRoutes(next.spec))
    ? undefined
    : 'connections or the settings of the file have changed';
}

function shapes({ stages }: RouteSpec): object {
  return stages.map(({ verb, name, kind, options: { timeout } }) => {
    const { changesBody, seals, runsCode } = kind;
    return { verb, name, timeout, changesBody, seals, runsCode };
  });
}

function withoutRoutes(spec: PipelineSpec): object {
  return { ...spec, routes: [] };
}

function withoutStages(route: RouteSpec): object {
  return { ...route, stages: [] };
}

/** Without functions, which each check makes anew. */
function isSame(one: object, other: object): boolean {
  return isDeepStrictEqual(plain(one), plain(other));
}

function plain(value: unknown): unknown {
  if (typeof value === 'function') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Map) return [...value].map(plain);
  if (value instanceof Set || Array.isArray(value)) return [...value].map(plain);
  if (value instanceof RegExp) return String(value);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}
