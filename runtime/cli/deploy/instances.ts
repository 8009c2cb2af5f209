import type { Catalog } from '#contract/catalog.ts';
import type { BacklogTrigger, BusScaling, OptionPath } from '#contract/scaling.ts';
import { under } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';
import { busOf } from '../../host/catalog-of.ts';
import { endOptions } from '../../host/end-options.ts';
import { severalInstances } from '../../project/explain/instances.ts';
import type { PipelineSpec, RouteSpec } from '../../project/pipeline-spec.ts';

/** How the backlog of one route is asked. */
export interface RouteTrigger {
  readonly route: string;
  readonly connection: string;
  /** Messages in its window. */
  readonly window: number;
  readonly trigger: BacklogTrigger;
  /** Where the options of the trigger stand in the pipeline file. */
  readonly place: (option: OptionPath) => string;
}

/** What several processes of a pipeline can do, and what each leaves behind. */
export interface Instances {
  /** Empty: they divide the work. Else why there can be one, a sentence each. */
  readonly onlyOne: readonly string[];
  /** Of routes whose bus knows the backlog. */
  readonly triggers: readonly RouteTrigger[];
  /** What processes that are taken away keep from the others, a sentence each: their number should stay. */
  readonly staysBehind: readonly string[];
  /** Of the others: why not, a sentence each. */
  readonly untold: readonly string[];
  /** Variables that have another value in each process. */
  readonly ownVariables: ReadonlySet<string>;
  /** What must outlive a process, a sentence each. */
  readonly state: readonly string[];
}

/** `document`: the pipeline as written, for references. */
export async function instancesOf(spec: PipelineSpec, document: unknown, catalog: Catalog): Promise<Instances> {
  const found = { onlyOne: [], triggers: [], untold: [], state: [], staysBehind: [] } as {
    onlyOne: string[];
    staysBehind: string[];
    triggers: RouteTrigger[];
    untold: string[];
    state: string[];
  };
  const ownVariables = new Set<string>();
  if (spec.guards.size > 0) {
    found.onlyOne.push('a guard counts its rate and chains its audit file in one process');
    found.state.push('the audit files and keys of guards lie there');
  }
  for (const [at, route] of spec.routes.entries()) {
    const { name, from } = route;
    const bus = busOf(catalog, from.bus);
    const options = endOptions(spec, from);
    const scaling: BusScaling | undefined = await bus.scaling?.();
    found.state.push(...stateOf(route, scaling?.keeps(options)));
    const place = ({ where, path }: OptionPath): string => {
      const base = where === 'end' ? `/routes/${at}/from` : pointerTo('/buses', from.connection);
      return path.reduce((pointer: string, key) => pointerTo(pointer, key), base);
    };
    const undivided = scaling === undefined ? 'its bus is within the process' : scaling.undivided(options);
    const why = undivided ?? unkept(route, spec, catalog);
    if (why !== undefined) found.onlyOne.push(`route ${name}: ${why}`);
    for (const option of why === undefined ? (scaling?.ownOptions(options) ?? []) : []) {
      const variable = variableAt(document, place(option));
      if (variable !== undefined) ownVariables.add(variable);
      else {
        const word = option.path.join('.');
        found.onlyOne.push(
          `route ${name}: ${word} of ${option.where === 'end' ? 'its source' : `connection ${from.connection}`} is the same in each process; write ${word}: "env:INSTANCE|sluice"`,
        );
      }
    }
    const stays = scaling?.staysBehind?.(options);
    if (stays !== undefined) found.staysBehind.push(`route ${name}: ${stays}`);
    const backlog = scaling?.backlog(options, { pipeline: spec.name, route: name }) ?? 'its bus is within the process';
    if (typeof backlog === 'string') found.untold.push(`route ${name}: ${backlog}`);
    else {
      const { connection, window } = from;
      found.triggers.push({ route: name, connection, window: window.messages, trigger: backlog, place });
    }
  }
  return { ...found, ownVariables };
}

/** The variable of a reference at this place; undefined where the value itself stands there, or nothing. */
export function variableAt(document: unknown, pointer: string): string | undefined {
  const keys = pointer.split('/').slice(1);
  const text = under(
    document,
    keys.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~')),
  );
  return typeof text === 'string' ? /^env:([A-Za-z_][A-Za-z0-9_]*)/.exec(text)?.[1] : undefined;
}

/** What the route itself does not keep where the source divides its messages; as a clause. */
function unkept(route: RouteSpec, spec: PipelineSpec, catalog: Catalog): string | undefined {
  const { class: trafficClass, from, sinks, spool } = route;
  if (from.dedupe !== undefined) return 'dedupe remembers in one process what it has seen';
  const [first] = sinks;
  if (spool !== undefined)
    return 'what lies in the spool of a process that is gone is sent when it is back, behind newer messages';
  if (first === undefined) return undefined;
  const several = severalInstances({
    trafficClass,
    source: busOf(catalog, from.bus).sourceGuarantees(endOptions(spec, from)),
    sink: busOf(catalog, first.bus).sinkGuarantees(endOptions(spec, first)),
    hasSpool: false,
    window: from.window.messages,
    hasOwnKey: from.key !== undefined,
  });
  // The file gives up the order where it shares the source of a route of class event.
  return several === undefined || several.isKept || trafficClass === 'event' ? undefined : several.text;
}

function stateOf(route: RouteSpec, keeps: string | undefined): readonly string[] {
  const { name, class: trafficClass, from, deadLetter, spool } = route;
  return [
    ...(spool === undefined ? [] : ['its spool holds messages that the source has settled']),
    ...(deadLetter.to === undefined ? ['its dead letters are stored there'] : []),
    ...(keeps === undefined ? [] : [keeps]),
    ...(trafficClass === 'event' ? [] : [`class ${trafficClass} remembers there what it has sent`]),
    ...(from.dedupe === undefined ? [] : ['dedupe remembers there what it has seen']),
  ].map((reason) => `route ${name}: ${reason}`);
}
