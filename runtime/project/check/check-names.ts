import { nearestName } from '#kit/nearest.ts';
import type { CodecUse } from './check-codec-files.ts';
import { oneOf, shown } from './describe.ts';
import type { FindingDraft, FindingList } from './finding-list.ts';
import { guardSchemaNames, guardsIn } from '../guards/guard-file.ts';
import { RESERVED_WORDS } from '../fields/reserved-words.ts';
import { asList, asMap, isMap, own } from '#kit/json-value.ts';
import type { PlainMap } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';
import { isBodySchema } from '../project-files.ts';
import { namedFiles, stageKind } from '../read/sections.ts';
import { sinkPlaces } from '../read/sink-places.ts';
import type { Catalog } from '#contract/catalog.ts';
import { FILE_NAME_PATTERN } from '#contract/file-names.ts';
import type { NamedFile } from '#contract/stage-kind.ts';

/** File names in the project's folders beside `pipelines/`, endings included. */
export interface ProjectFiles {
  readonly functions: readonly string[];
  readonly schemas: readonly string[];
}

const ENDINGS = { function: /\.(ts|mts|js|mjs)$/, schema: /\.json$/ } as const;
const NO_FUNCTION = /\.(test|spec|gen|d)\.[a-z]+$/;

/** The files that `function:` or `validate:` can name, by name; of one name there may be several. */
function filesByName(kind: 'function' | 'schema', files: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const isPossible = { schema: isBodySchema, function: (file: string) => !NO_FUNCTION.test(file) }[kind];
  const possible = files.filter((file) => ENDINGS[kind].test(file) && isPossible(file));
  return Map.groupBy(possible, (file) => file.replace(ENDINGS[kind], ''));
}

/** Names of functions and schemas, without the endings of their files, and codecs with schemas of their own. */
export interface NamedFiles {
  readonly functions: readonly string[];
  readonly schemas: readonly string[];
  readonly codecs: readonly CodecUse[];
  /** Whether the file has guards. */
  readonly hasGuards?: boolean;
}

interface Names {
  readonly catalog: Catalog;
  readonly functions: ReadonlyMap<string, readonly string[]>;
  readonly schemas: ReadonlyMap<string, readonly string[]>;
  readonly findings: FindingList;
}

function checkBusKind(name: string, connection: PlainMap, { catalog, findings }: Names): void {
  const kind = own(connection, 'bus');
  const at = pointerTo('/buses', name, 'bus');
  if (typeof kind !== 'string' || catalog.buses.has(kind) || findings.isClaimed(at)) return;
  const known = [...catalog.buses.keys()];
  if ((RESERVED_WORDS.buses as readonly string[]).includes(kind)) {
    findings.add({
      code: 'NOT_IN_THIS_VERSION',
      at,
      expected: oneOf(known),
      found: `bus: ${kind}, which this version does not have yet`,
      write: `bus: ${oneOf(known)}`,
    });
    return;
  }
  const suggestion = nearestName(kind, known);
  findings.add({
    code: 'UNKNOWN_BUS',
    at,
    expected: oneOf(known),
    found: shown(kind),
    write: `bus: ${suggestion ?? known[0] ?? ''}`,
    suggestion,
  });
}

/** Returns the connection's name where it exists. */
function checkConnection(at: string, end: unknown, buses: PlainMap, { findings }: Names): string | undefined {
  const name = own(asMap(end), 'bus');
  if (typeof name !== 'string' || findings.isClaimed(pointerTo(at, 'bus'))) return undefined;
  if (Object.hasOwn(buses, name)) return name;
  const known = Object.keys(buses);
  const suggestion = nearestName(name, known);
  findings.add({
    code: 'UNKNOWN_CONNECTION',
    at: pointerTo(at, 'bus'),
    expected: known.length === 0 ? 'a connection under buses' : oneOf(known),
    found: shown(name),
    write:
      suggestion === undefined ? `a connection ${name} under buses, or one of the names there` : `bus: ${suggestion}`,
    suggestion,
  });
  return undefined;
}

function checkFile(at: string, { kind, name, path: place }: NamedFile, names: Names): void {
  const key = place.at(-1);
  const written = (right: string): string => (typeof key === 'string' ? `${key}: ${right}` : right);
  const isFunction = kind === 'function';
  const code = isFunction ? 'UNKNOWN_FUNCTION' : 'UNKNOWN_SCHEMA';
  const known = isFunction ? names.functions : names.schemas;
  const files = known.get(name);
  if (files !== undefined && files.length > 1) names.findings.add(ambiguous(at, files));
  if (files !== undefined || !new RegExp(FILE_NAME_PATTERN, 'u').test(name)) return;
  // A name with an ending means the file, even if there is none.
  const bare = name.replace(ENDINGS[kind], '');
  const path = isFunction ? `functions/${bare}.ts` : `schemas/${bare}.json`;
  if (bare !== name && known.has(bare)) {
    const found = `${name}, with the ending of the file`;
    names.findings.add({
      code,
      at,
      expected: 'the name of the file alone',
      found,
      write: written(bare),
      suggestion: bare,
    });
    return;
  }
  const suggestion = nearestName(bare, known.keys());
  names.findings.add({
    code,
    at,
    expected: `${path} in the project`,
    found: 'no such file',
    write: suggestion === undefined ? `the file ${path}` : written(suggestion),
    suggestion,
  });
}

function ambiguous(at: string, files: readonly string[]): FindingDraft {
  const [kept = '', ...others] = files.toSorted((a, b) => Number(b.endsWith('ts')) - Number(a.endsWith('ts')));
  return {
    code: 'FUNCTION_TWICE',
    at,
    expected: 'one file of that name in functions/',
    found: files.join(' and '),
    write: `nothing here: keep ${kept}, and remove or rename ${others.join(' and ')}`,
  };
}

function checkStage(at: string, item: unknown, names: Names): void {
  const { catalog, findings } = names;
  const verbs = [...catalog.stages.keys()];
  if (!isMap(item)) {
    const [verb = '', name] = typeof item === 'string' ? item.split(/[: ]+/, 2) : [];
    findings.add({
      code: 'WRONG_TYPE',
      at,
      expected: oneOf(verbs.map((known) => `${known}: NAME`)),
      found: shown(item),
      write: `- ${catalog.stages.has(verb) ? verb : (verbs[0] ?? '')}: ${name ?? 'NAME'}`,
    });
    return;
  }
  const known = Object.keys(item).filter((key) => catalog.stages.has(key));
  const [verb, second] = known;
  const stage = verb === undefined ? undefined : catalog.stages.get(verb);
  if (stage === undefined || verb === undefined) return unknownStage(at, item, verbs, findings);
  if (second !== undefined) {
    const write = `- ${verb}: and - ${second}: as two stages`;
    findings.add({
      code: 'STAGE_VERBS',
      at: pointerTo(at, second),
      side: 'key',
      expected: 'one verb a stage',
      found: `${verb} and ${second}`,
      write,
    });
  }
  for (const file of namedFiles(item, stageKind(item, catalog) ?? stage)) {
    const place = pointerTo(at, ...file.path);
    if (!findings.isClaimed(place)) checkFile(place, file, names);
  }
}

function unknownStage(at: string, item: PlainMap, verbs: readonly string[], findings: FindingList): void {
  const later = Object.keys(item).find((key) => (RESERVED_WORDS.stages as readonly string[]).includes(key));
  const verb = later ?? Object.keys(item)[0];
  const place = verb === undefined ? { at } : ({ at: pointerTo(at, verb), side: 'key' } as const);
  const expected = oneOf(verbs.map((known) => `${known}:`));
  findings.claim(at);
  if (later !== undefined) {
    findings.add({
      code: 'NOT_IN_THIS_VERSION',
      ...place,
      expected,
      found: `${later}:, which this version does not have yet`,
      write: `a function that does the same, or nothing: remove ${later}`,
    });
    return;
  }
  const suggestion = verb === undefined ? undefined : nearestName(verb, verbs);
  findings.add({
    code: 'UNKNOWN_STAGE',
    ...place,
    expected,
    found: verb === undefined ? 'no verb' : `${verb}:`,
    write: `- ${suggestion ?? verbs[0] ?? ''}: NAME`,
    suggestion,
  });
}

/** The files that stages name and the project has, each once. They can be checked independent of errors in the pipeline. */
export function filesNamed(value: unknown, catalog: Catalog, project: ProjectFiles): Omit<NamedFiles, 'codecs'> {
  const there = {
    function: filesByName('function', project.functions),
    schema: filesByName('schema', project.schemas),
  };
  const named = { function: new Set<string>(), schema: new Set<string>() };
  for (const route of asList(own(asMap(value), 'routes'))) {
    for (const item of asList(own(asMap(route), 'stages'))) {
      const stage = stageKind(item, catalog);
      for (const { kind, name } of stage === undefined ? [] : namedFiles(item, stage)) {
        if (there[kind].get(name)?.length === 1) named[kind].add(name);
      }
    }
  }
  for (const name of guardSchemaNames(value)) if (there.schema.get(name)?.length === 1) named.schema.add(name);
  return { functions: [...named.function], schemas: [...named.schema], hasGuards: guardsIn(value).size > 0 };
}

function checkRouteNames(routes: readonly unknown[], findings: FindingList): void {
  const first = new Map<string, number>();
  for (const [index, route] of routes.entries()) {
    const name = own(asMap(route), 'name');
    if (typeof name !== 'string') continue;
    const earlier = first.get(name);
    if (earlier === undefined) first.set(name, index);
    else {
      const at = pointerTo('/routes', index, 'name');
      findings.add({
        code: 'DUPLICATE_ROUTE',
        at,
        expected: 'a name that no other route has',
        found: `${shown(name)}, which route ${earlier + 1} has`,
        write: `name: ${name}-${index + 1}`,
      });
    }
  }
}

/** Checks every name in the file: kinds of bus, connections, verbs, functions, schemas, routes. */
export function checkNames(value: unknown, catalog: Catalog, project: ProjectFiles, findings: FindingList): void {
  const names: Names = {
    catalog,
    functions: filesByName('function', project.functions),
    schemas: filesByName('schema', project.schemas),
    findings,
  };
  const buses = asMap(own(asMap(value), 'buses'));
  const routes = asList(own(asMap(value), 'routes'));
  const used = new Set<string | undefined>();
  for (const [name, connection] of Object.entries(buses)) checkBusKind(name, asMap(connection), names);
  for (const [index, route] of routes.entries()) {
    const at = pointerTo('/routes', index);
    const letters = own(asMap(route), 'deadLetter');
    const ends = [
      { at: pointerTo(at, 'from'), end: own(asMap(route), 'from') },
      ...sinkPlaces(at, route).map((sink) => ({ at: sink.at, end: sink.to })),
      ...(Object.hasOwn(asMap(letters), 'bus') ? [{ at: pointerTo(at, 'deadLetter'), end: letters }] : []),
    ];
    for (const end of ends) used.add(checkConnection(end.at, end.end, buses, names));
    for (const [position, item] of asList(own(asMap(route), 'stages')).entries()) {
      checkStage(pointerTo(at, 'stages', position), item, names);
    }
  }
  checkRouteNames(routes, findings);
  // A misspelt name in a route makes its connection look unused: one mistake, one finding.
  const isSettled = routes.length > 0 && !used.has(undefined);
  for (const name of isSettled ? Object.keys(buses) : []) {
    if (used.has(name)) continue;
    findings.add({
      code: 'UNUSED_CONNECTION',
      at: pointerTo('/buses', name),
      side: 'key',
      expected: 'a route that uses it',
      found: `${name}, which no route names`,
      write: `nothing: remove ${name}`,
    });
  }
}
