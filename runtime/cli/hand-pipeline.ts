import { didYouMean } from '#kit/nearest.ts';
import { asMap, own } from '#kit/json-value.ts';
import type { Bus } from '#contract/bus.ts';
import type { EndUrls } from '#contract/end-url.ts';
import { catalog } from '../host/catalog.ts';
import { busOf } from '../host/catalog-of.ts';
import { endFromUrl, urlForms } from '../ends/end-url.ts';
import { singleEnd, type SingleEnd, type WrittenEnd } from '../ends/single-end.ts';
import { findingsText } from '../project/check/findings-text.ts';
import { projectFolder } from '../project/project-folder.ts';
import { readProjectFolders, referenceReader } from '../project/project-files.ts';
import type { PipelineSpec, RouteSpec } from '../project/pipeline-spec.ts';
import { withinDeadline } from './check-deadline.ts';
import { type CheckedPipeline, readPipeline } from './checked-pipeline.ts';
import { type Arguments, UsageError } from './command.ts';

const URL = /^[a-z]+:\/\//;

/** A connection in the words of a file, and its bus. */
export interface WrittenConnection {
  readonly name: string;
  readonly words: unknown;
  readonly bus: Bus;
  readonly urls: EndUrls;
}

/** A pipeline file whose connections a command uses itself. */
export interface HandPipeline {
  readonly file: string;
  readonly checked: CheckedPipeline;
  readonly spec: PipelineSpec;
}

/** Whether the first word of the command is a URL and no file. */
export function isUrl(text: string): boolean {
  return URL.test(text);
}

/** The connection and the end of a URL. Throws UsageError. */
export function urlEnd(
  text: string,
  direction: 'in' | 'out',
): { readonly connection: WrittenConnection; readonly end: Readonly<Record<string, unknown>> } {
  const buses = [...catalog.buses.values()];
  const found = endFromUrl(text, direction, buses);
  if (found === undefined) throw new UsageError(`expected a pipeline file or ${urlForms(buses)}, found another URL`);
  const bus = busOf(catalog, String(found.connection['bus']));
  return { connection: withUrls({ name: bus.name, words: found.connection, bus }), end: found.end };
}

/** Reads the file. Throws UsageError where it is wrong, with all findings. */
export async function handPipeline(file: string): Promise<HandPipeline> {
  const checked = await withinDeadline(file, { output: 'stderr' }, () => readPipeline(file, 'run'));
  const { spec, findings } = checked.result;
  if (spec !== undefined) return { file, checked, spec };
  const errors = findings.filter(({ severity }) => severity === 'error');
  throw new UsageError(`expected a pipeline file without errors, found ${errors.length}\n${findingsText(errors)}`);
}

/** A connection of the file. Throws UsageError where it has no such connection, or one within a process. */
export function connectionOf({ checked, spec }: HandPipeline, name: string): WrittenConnection {
  const found = spec.connections.get(name);
  if (found === undefined) {
    const names = [...spec.connections.keys()];
    throw new UsageError(
      `expected a connection of the file (${names.join(', ')}), found ${name}${didYouMean(name, names)}`,
    );
  }
  const words = own(asMap(own(asMap(checked.result.document?.value), 'buses')), name);
  return withUrls({ name, words, bus: busOf(catalog, found.bus) });
}

function withUrls(connection: Omit<WrittenConnection, 'urls'>): WrittenConnection {
  const { urls, name } = connection.bus;
  if (urls !== undefined) return { ...connection, urls };
  const where = `connection ${connection.name} is of the bus ${name}, which is in the process that runs the pipeline`;
  throw new UsageError(`expected a bus that other processes can reach; ${where}`);
}

/** The route that `--route` names; not needed where the file has one. Throws UsageError. */
export function routeOf({ spec: { routes } }: HandPipeline, { values }: Arguments): RouteSpec {
  const wanted = values['route'];
  const [first, second] = routes;
  if (wanted === undefined && first !== undefined && second === undefined) return first;
  const found = routes.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  const names = routes.map(({ name }) => name);
  const [seen, hint] = typeof wanted === 'string' ? [wanted, didYouMean(wanted, names)] : ['none', ''];
  throw new UsageError(
    `expected --route with one of ${names.join(', ')}, or --connection NAME --address A, found ${seen}${hint}`,
  );
}

/** The end as its driver takes it. Throws UsageError for words that it does not take. */
export function checkedEnd(connection: WrittenConnection, end: WrittenEnd, file: string | undefined): SingleEnd {
  const project = readProjectFolders(projectFolder(file ?? 'pipeline.yaml'));
  const { end: made, findings } = singleEnd(connection, end, {
    file: file ?? 'URL',
    catalog,
    project,
    environment: process.env,
    readFile: referenceReader(project.folder),
    mode: 'run',
  });
  if (made !== undefined) return made;
  const side = 'from' in end ? 'from' : 'to';
  const [first] = findings;
  const at = (first?.path ?? '').replace(`/routes/0/${side}`, '').replace(`/buses/${connection.name}`, '').slice(1);
  throw new UsageError(
    `expected ${first?.expected ?? 'an end'}${at === '' ? '' : ` at ${at}`}, found ${first?.found ?? 'another'}${first?.write === undefined ? '' : `; write ${first.write}`}`,
  );
}

/** `--connection` and `--address` belong together, and exclude `--route`. Undefined: neither is given. Throws UsageError. */
export function namedPlace({
  values,
}: Arguments): { readonly connection: string; readonly address: string } | undefined {
  const { connection, address, route } = values;
  if (typeof connection !== 'string') return undefined;
  if (route !== undefined) throw new UsageError('expected --route or --connection, found both');
  if (typeof address !== 'string') throw new UsageError('expected --address beside --connection, found none');
  return { connection, address };
}
