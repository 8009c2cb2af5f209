import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { CONTAINER_HOME, dockerfile, dockerignore } from './container.ts';
import { type Deployment, graceSeconds } from './deployment.ts';
import { kubernetesFiles } from './kubernetes.ts';
import { manifestText } from './manifest-text.ts';
import { inHome } from './needed-values.ts';
import { names } from './pod.ts';
import { unscalable } from './scaled-object.ts';
import { shell, systemdSteps, systemdUnit } from './systemd.ts';

export interface Targets {
  readonly container: boolean;
  readonly kubernetes: boolean;
  readonly systemd: boolean;
}

/** What was written for one target, for a person. */
export interface WrittenTarget {
  readonly target: 'container' | 'k8s' | 'systemd';
  readonly files: readonly string[];
  /** What was decided, and why: a sentence each. */
  readonly notes: readonly string[];
  /** What to type next. */
  readonly next: readonly string[];
}

/** Writes what the targets need beside the bundle in `out`. `document`: the pipeline as written. */
export async function writeDeployment(
  deployment: Deployment,
  { targets, out, document }: { readonly targets: Targets; readonly out: string; readonly document: unknown },
): Promise<readonly WrittenTarget[]> {
  const { name } = deployment;
  const write = (ending: string, text: string): string => {
    const file = join(out, `${name}${ending}`);
    writeFileSync(file, text);
    return file;
  };
  const folder = relative(process.cwd(), out) || '.';
  const written: WrittenTarget[] = [];
  if (targets.container) {
    const files = [write('.Dockerfile', dockerfile(deployment)), write('.Dockerfile.dockerignore', dockerignore(name))];
    written.push({ target: 'container', files, notes: [], next: containerSteps(deployment, folder) });
  }
  if (targets.kubernetes) {
    const { kind, manifests, keda } = kubernetesFiles(deployment, document);
    const title = `Pipeline ${name}, made by sluice build --k8s.`;
    const files = [write('.k8s.yaml', await manifestText(title, manifests))];
    const kedaText = keda.length === 0 ? '' : await manifestText(title, keda);
    if (kedaText !== '') files.push(write('.keda.yaml', kedaText));
    written.push({
      target: 'k8s',
      files,
      notes: kubernetesNotes(deployment, kind),
      next: kubernetesSteps(deployment, folder, kedaText),
    });
  }
  if (targets.systemd) {
    const files = [write('.service', systemdUnit(deployment))];
    written.push({ target: 'systemd', files, notes: [], next: systemdSteps(deployment, folder) });
  }
  return written;
}

function containerSteps(deployment: Deployment, folder: string): readonly string[] {
  const { name, image, variables, files } = deployment;
  const given = variables.filter(({ isRequired }) => isRequired).map((variable) => ` --env ${variable.name}`);
  const mounted = files.map(({ path }) => {
    // A path without a separator at its beginning would be the name of a volume.
    const here = /^[./]/.test(path) ? path : `./${path}`;
    return ` --volume ${shell(`${here}:${inHome(CONTAINER_HOME, path)}:ro`)}`;
  });
  return [
    `docker build --file ${shell(`${folder}/${name}.Dockerfile`)} --tag ${shell(image)} ${shell(folder)}`,
    `docker run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges --stop-timeout ${graceSeconds(deployment)} --volume ${name}-state:/home/nonroot${mounted.join('')}${given.join('')} ${shell(image)}`,
  ];
}

function kubernetesNotes(deployment: Deployment, kind: string): readonly string[] {
  const { state, onlyOne } = deployment.instances;
  const unscaled = unscalable(deployment);
  const reasons = unscaled.filter((reason) => !onlyOne.includes(reason));
  return [
    `${kind}: ${state.length === 0 ? 'nothing must outlive a process' : state.join('; ')}`,
    onlyOne.length === 0
      ? 'several processes: the sources divide their messages'
      : `one process: ${onlyOne.join('; ')}`,
    ...(unscaled.length === 0
      ? []
      : [`no ScaledObject: ${reasons.length === 0 ? 'its one process cannot rest' : reasons.join('; ')}`]),
  ];
}

function kubernetesSteps(deployment: Deployment, folder: string, kedaText: string): readonly string[] {
  const { name, files, instances } = deployment;
  const { secrets, files: fileSecret, keda } = names(name);
  const needsKeda = kedaText.includes(`name: ${keda}\n`);
  const secret = 'kubectl create secret generic';
  return [
    // NAME=VALUE lines, the admin token among them.
    `${secret} ${secrets} --from-env-file=${name}.secret.env`,
    ...(files.length === 0
      ? []
      : [
          `${secret} ${fileSecret} ${files.map(({ key, path }) => `--from-file=${shell(`${key}=${path}`)}`).join(' ')}`,
        ]),
    ...(needsKeda ? [`${secret} ${keda} --from-env-file=${name}.keda.env`] : []),
    `kubectl apply -f ${shell(`${folder}/${name}.k8s.yaml`)}`,
    ...(kedaText !== '' ? [`kubectl apply -f ${shell(`${folder}/${name}.keda.yaml`)}`] : []),
    `kubectl rollout status ${instances.state.length > 0 ? 'statefulset' : 'deployment'}/${name}`,
  ];
}
