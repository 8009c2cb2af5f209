import type { TriggerParameter } from '#contract/scaling.ts';
import type { Deployment } from './deployment.ts';
import { type RouteTrigger, variableAt } from './instances.ts';
import type { Manifest } from './manifest-text.ts';
import { labelsOf, names } from './pod.ts';

/** One process has its window full, and three more of them wait. */
const WINDOWS = 4;
const MOST = 8;

/** A key of a Secret or a ConfigMap that holds a parameter of the scaler. */
interface ParameterRef {
  readonly in: 'secretTargetRef' | 'configMapTargetRef';
  readonly parameter: string;
  readonly name: string;
  readonly key: string;
  /** Of a key that no other object has. */
  readonly value?: string;
}

/** Why no ScaledObject is written, a sentence each; empty: one is. */
export function unscalable(deployment: Deployment): readonly string[] {
  const { onlyOne, triggers, untold, staysBehind } = deployment.instances;
  if (onlyOne.length === 0) return staysBehind;
  // With one process at most there is only the choice between none and one: all routes must be able to wait at their bus.
  if (untold.length > 0) return [...onlyOne, ...untold];
  return triggers.length > 0 && deployment.spools.length === 0 && !hasSpool(deployment) ? [] : onlyOne;
}

/** A spool is emptied by a process that runs: the backlog of the bus does not show it. */
function hasSpool({ instances }: Deployment): boolean {
  return instances.state.some((reason) => reason.includes(': its spool '));
}

/** ScaledObject and what it needs of secrets. `kind`: what it scales. `document`: the pipeline as written. */
export function scaledObject(deployment: Deployment, kind: string, document: unknown): readonly Manifest[] {
  const { name, instances } = deployment;
  const { onlyOne, untold } = instances;
  const isOne = onlyOne.length > 0;
  const made = instances.triggers.map((trigger) => ({ ...triggerOf(trigger, deployment, document), of: trigger }));
  const triggers = made.map(({ object }) => object);
  const byCpu = untold.length > 0 && !isOne;
  if (byCpu) triggers.push({ type: 'cpu', metricType: 'Utilization', metadata: { value: '80' } });
  const comments: Record<string, string> = {
    'spec/minReplicaCount': isOne
      ? `At most one process (${onlyOne.join('; ')}): none runs while nothing waits. The first message then waits for pollingInterval and the start. Where that is too long, do not apply this file.`
      : 'A process that is gone leaves its state behind in its volume: dead letters there are listed when it is back.',
    ...(isOne ? {} : { 'spec/maxReplicaCount': 'For Kafka no more than partitions.' }),
  };
  for (const [at, { of }] of made.entries())
    comments[`spec/triggers/${at}`] = `Route ${of.route}. ${of.trigger.notes.join(' ')}`;
  if (byCpu)
    comments[`spec/triggers/${made.length}`] =
      `Not a backlog: ${untold.join('; ')}. Processor time tells whether another process would help; a slow sink does not raise it.`;
  return [
    ...made.flatMap(({ auth }) => auth),
    {
      head: 'For clusters with KEDA.',
      object: {
        apiVersion: 'keda.sh/v1alpha1',
        kind: 'ScaledObject',
        metadata: { name, labels: labelsOf(name) },
        spec: {
          scaleTargetRef: { apiVersion: 'apps/v1', kind, name, envSourceContainerName: 'pipeline' },
          pollingInterval: 15,
          cooldownPeriod: 300,
          minReplicaCount: isOne ? 0 : 1,
          maxReplicaCount: isOne ? 1 : MOST,
          triggers,
        },
      },
      comments,
    },
  ];
}

function triggerOf(
  { route, connection, window, trigger, place }: RouteTrigger,
  deployment: Deployment,
  document: unknown,
): { readonly object: object; readonly auth: readonly Manifest[] } {
  const { type, metadata, threshold, options = [], parameters = [], ownSecret } = trigger;
  const { name } = deployment;
  const fromOptions = options.map((option): readonly [string, string] => {
    const variable = variableAt(document, place(option));
    return variable === undefined ? [option.name, option.value] : [`${option.name}FromEnv`, variable];
  });
  const refs = parameters.map((parameter) => refOf(parameter, { deployment, connection, pointer: place(parameter) }));
  if (ownSecret !== undefined) {
    const { parameter } = ownSecret;
    refs.push({ in: 'secretTargetRef', parameter, name: names(name).keda, key: `${connection}-${parameter}` });
  }
  const auth = `${name}-${route}`;
  const object = {
    type,
    metadata: { ...metadata, ...Object.fromEntries(fromOptions), [threshold]: String(WINDOWS * window) },
    ...(refs.length > 0 && { authenticationRef: { name: auth } }),
  };
  if (refs.length === 0) return { object, auth: [] };
  const inKind = (kind: ParameterRef['in']): object => {
    const own = refs
      .filter((ref) => ref.in === kind)
      .map(({ parameter, name: of, key }) => ({ parameter, name: of, key }));
    return own.length === 0 ? {} : { [kind]: own };
  };
  const text = ownSecret === undefined ? undefined : `Of Secret ${names(name).keda}: ${ownSecret.text}.`;
  return {
    object,
    auth: [
      ...ownConfig(deployment, connection, refs),
      {
        object: {
          apiVersion: 'keda.sh/v1alpha1',
          kind: 'TriggerAuthentication',
          metadata: { name: auth, labels: labelsOf(name) },
          spec: { ...inKind('secretTargetRef'), ...inKind('configMapTargetRef') },
        },
        ...(text !== undefined && { comments: { 'spec/secretTargetRef': text } }),
      },
    ],
  };
}

/** A connection may have capital letters and `_` in its name. */
const ownName = (name: string, connection: string): string =>
  `${name}-${connection.toLowerCase().replaceAll('_', '-')}-keda`;

/** What the pipeline file holds itself and all may read: KEDA takes it from an object, too. */
function ownConfig({ name }: Deployment, connection: string, refs: readonly ParameterRef[]): readonly Manifest[] {
  const held = refs.flatMap(({ key, value }) => (value === undefined ? [] : [[key, value] as const]));
  if (held.length === 0) return [];
  const data: object = Object.fromEntries(held);
  const metadata = { name: ownName(name, connection), labels: labelsOf(name) };
  return [{ object: { apiVersion: 'v1', kind: 'ConfigMap', metadata, data } }];
}

/** The object that holds a parameter: that of the pod for a reference, else one of its own. */
function refOf(
  { parameter, value }: TriggerParameter,
  {
    deployment: { name, variables, files },
    connection,
    pointer,
  }: { readonly deployment: Deployment; readonly connection: string; readonly pointer: string },
): ParameterRef {
  const variable = variables.find(({ pointers }) => pointers.includes(pointer));
  if (variable !== undefined) {
    const holder = variable.isSecret
      ? ({ in: 'secretTargetRef', name: names(name).secrets } as const)
      : ({ in: 'configMapTargetRef', name } as const);
    return { ...holder, parameter, key: variable.name };
  }
  const file = files.find(({ pointers }) => pointers.includes(pointer));
  if (file !== undefined) return { in: 'secretTargetRef', parameter, name: names(name).files, key: file.key };
  const key = `${connection}-${parameter}`;
  if (value === undefined) return { in: 'secretTargetRef', parameter, name: names(name).keda, key };
  return { in: 'configMapTargetRef', parameter, name: ownName(name, connection), key, value };
}
