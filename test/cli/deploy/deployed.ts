import { parseAllDocuments } from 'yaml';
import { readPipeline } from '../../../runtime/cli/checked-pipeline.ts';
import { type Deployment, deploymentOf } from '../../../runtime/cli/deploy/deployment.ts';
import { kubernetesFiles } from '../../../runtime/cli/deploy/kubernetes.ts';
import { manifestText } from '../../../runtime/cli/deploy/manifest-text.ts';
import { catalog } from '../../../runtime/host/catalog.ts';
import { findingsText } from '../../../runtime/project/check/findings-text.ts';
import { newProject } from '../../harness/project.ts';

/** An object of Kubernetes as a test reads it. */
export type KubernetesObject = { readonly kind: string } & Readonly<Record<string, unknown>>;

/** What `sluice build` knows and writes of a pipeline, without bundling it. */
export interface Deployed {
  readonly deployment: Deployment;
  readonly text: string;
  readonly keda: string;
  readonly objects: readonly KubernetesObject[];
}

export async function deployed(pipeline: { readonly name: string } & object): Promise<Deployed> {
  using project = newProject({ 'pipelines/p.yaml': pipeline });
  const bare = { environment: {}, readFile: () => '' };
  const { spec, document, findings } = readPipeline(project.path('pipelines/p.yaml'), 'check', bare).result;
  if (spec === undefined || document === undefined) throw new Error(findingsText(findings));
  const { value } = document;
  const hash = 'c0ffee'.repeat(10);
  const deployment = await deploymentOf({
    spec,
    document: value,
    catalog,
    image: undefined,
    hash,
    shutdownSeconds: 10,
  });
  const files = kubernetesFiles(deployment, value);
  const text = await manifestText('title', files.manifests);
  const keda = files.keda.length === 0 ? '' : await manifestText('title', files.keda);
  return { deployment, text, keda, objects: objectsOf(`${text}${keda}`) };
}

export function objectsOf(yaml: string): readonly KubernetesObject[] {
  return parseAllDocuments(yaml).flatMap((document) => {
    const value = document.toJS() as KubernetesObject | null;
    return value === null ? [] : [value];
  });
}
