import type { TrafficClass } from '#contract/traffic-class.ts';
import { readFileSync } from 'node:fs';
import { messageOf } from '#contract/errors.ts';
import { didYouMean } from '#kit/nearest.ts';
import type { EndWords } from '#contract/end-url.ts';
import { endFromUrl, urlForms } from '../ends/end-url.ts';
import { catalog } from '../host/catalog.ts';
import { asMap, own } from '#kit/json-value.ts';
import type { Finding } from '../project/check/findings.ts';
import type { PipelineSpec, RouteSpec } from '../project/pipeline-spec.ts';
import { projectFolder } from '../project/project-folder.ts';
import { oppositeEnds } from '../verify/opposite-ends.ts';
import { readProjectFolders, referenceReader } from '../project/project-files.ts';
import type { VerifyEnds } from '../verify/verification.ts';
import { type BodyPlan, planBodies } from '../verify/bodies.ts';
import { checkVerifyDocument, checkVerifyText, isVerifyText, type VerifyDocument } from '../verify/document.ts';
import { readPipeline } from './checked-pipeline.ts';
import { type Arguments, UsageError } from './command.ts';
import { standardState } from './state-folder.ts';
import { bodyOption, markOption, textOf } from './verify-options.ts';

/** The ends that the command line names; without `ends` the findings state the reason. */
export interface ChosenEnds {
  readonly ends?: VerifyEnds;
  readonly findings: readonly Finding[];
  /** Undefined for two URLs or a verify file: the route's promises, the bodies that it takes, and its state folder. */
  readonly route?: JudgedRoute;
}

/** A route of a pipeline of ours. */
export interface JudgedRoute {
  readonly name: string;
  readonly trafficClass: TrafficClass;
  readonly bodies: BodyPlan;
  /** Its stages that may drop messages: `function NAME`. */
  readonly droppingStages: readonly string[];
  readonly stateFolder: string;
}

/** From a pipeline and its route, a verify file, or two URLs. Throws UsageError. */
export function chooseEnds(given: Arguments): ChosenEnds {
  const { positionals, values } = given;
  const [file] = positionals;
  const [entrance, exit] = [textOf(values, 'in'), textOf(values, 'out')];
  const key = textOf(values, 'key');
  if (file === undefined) {
    if (entrance === undefined || exit === undefined)
      throw new UsageError('expected a pipeline file, a verify file, or --in URL and --out URL');
    return judged(urlDocument(entrance, exit, key));
  }
  if (entrance !== undefined || exit !== undefined) throw new UsageError('expected a file or --in and --out, not both');
  const text = textIn(file);
  if (!isVerifyText(text)) return mirrored(file, given, key);
  if (textOf(values, 'route') !== undefined) throw new UsageError('--route is for pipeline files');
  const { spec, findings, key: written } = checkVerifyText({ text, file, ...surroundings(file) });
  return { ...(spec !== undefined && { ends: { spec, key: key ?? written } }), findings };
}

function urlDocument(entrance: string, exit: string, key: string | undefined): VerifyDocument {
  const [into, outOf] = [endOf(entrance, 'in'), endOf(exit, 'out')];
  return {
    name: 'verify',
    buses: { in: into.connection, out: outOf.connection },
    in: { bus: 'in', ...into.end },
    out: { bus: 'out', ...outOf.end },
    ...(key !== undefined && { key }),
  };
}

function endOf(text: string, direction: 'in' | 'out'): EndWords {
  const buses = [...catalog.buses.values()];
  const found = endFromUrl(text, direction, buses);
  if (found === undefined) throw new UsageError(`expected --${direction} with ${urlForms(buses)}`);
  return found;
}

function mirrored(file: string, given: Arguments, key: string | undefined): ChosenEnds {
  const { result, project } = readPipeline(file, 'run');
  const { spec, document } = result;
  if (spec === undefined) return { findings: result.findings };
  const route = withOneSink(routeOf(spec, textOf(given.values, 'route')));
  const ends = oppositeEnds(route, catalog, Date.now());
  if ('flaw' in ends) {
    const how = 'write a verify file with both ends, in: and out: (docs/verify.md)';
    throw new UsageError(`route ${route.name} cannot be turned round: ${ends.flaw}; ${how}`);
  }
  const name = `${spec.name}-${route.name}-verify`.slice(0, 64);
  const buses = own(asMap(document?.value), 'buses');
  const made = judged({ name, buses, ...ends, ...(key !== undefined && { key }) }, file);
  const options = { body: bodyOption(given), markPlace: markOption(given), key: key ?? route.from.key };
  const bodies = planBodies(spec, route, { catalog, project, ...options });
  if ('flaw' in bodies) throw new UsageError(bodies.flaw);
  const stateFolder = standardState(project.folder, spec.name);
  const droppingStages = [
    ...route.stages.flatMap(({ kind, verb, name: stage }) => (kind.mayDrop === true ? [`${verb} ${stage}`] : [])),
    ...(route.to.when === undefined ? [] : ['when']),
  ];
  return { ...made, route: { name: route.name, trafficClass: route.class, bodies, droppingStages, stateFolder } };
}

/** Every message goes to a sink without a condition: there the checker reads. */
function withOneSink(route: RouteSpec): RouteSpec {
  if (route.sinks.length === 1) return route;
  const to = route.sinks.find(({ when }) => when === undefined);
  if (to !== undefined) return { ...route, to, sinks: [to] };
  const how = 'write a verify file with the ends of one of them, in: and out: (docs/verify.md)';
  throw new UsageError(`route ${route.name} has no sink without when, so none gets every message; ${how}`);
}

function routeOf({ routes }: PipelineSpec, wanted: string | undefined): RouteSpec {
  const names = routes.map(({ name }) => name);
  const [first, second] = routes;
  if (wanted === undefined && first !== undefined && second === undefined) return first;
  const found = routes.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  const hint = wanted === undefined ? '' : didYouMean(wanted, names);
  throw new UsageError(`expected --route with one of ${names.join(', ')}, found ${wanted ?? 'none'}${hint}`);
}

/** The ends of a document that was made of options: its findings have no place in a file. */
function judged(document: VerifyDocument, file = 'verify.yaml'): ChosenEnds {
  const { spec, findings, key } = checkVerifyDocument(document, { file, ...surroundings(file) });
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (spec === undefined) {
    const [first] = errors;
    throw new UsageError(`${first?.code} at ${first?.path}: expected ${first?.expected}, found ${first?.found}`);
  }
  return { ends: { spec, key }, findings: [] };
}

function surroundings(file: string) {
  const project = readProjectFolders(projectFolder(file));
  return {
    catalog,
    project,
    environment: process.env,
    readFile: referenceReader(project.folder),
    mode: 'run',
  } as const;
}

function textIn(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    throw new UsageError(`expected a pipeline file or a verify file, found ${messageOf(thrown)}`, { cause: thrown });
  }
}
