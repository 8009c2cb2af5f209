import { catalog } from '../../host/catalog.ts';
import { findingsText } from '../../project/check/findings-text.ts';
import { readPipeline } from '../checked-pipeline.ts';
import { UsageError } from '../command.ts';
import type { DeployWish } from '../deploy-options.ts';
import { deploymentOf } from './deployment.ts';
import { isKubernetesName } from './pod.ts';
import { type WrittenTarget, writeDeployment } from './write-deployment.ts';

/** `file`: the pipeline file, which was found to be right. `out`: the folder of the bundle. `hash`: its SHA-256. */
interface Built {
  readonly file: string;
  readonly out: string;
  readonly hash: string;
}

/** Throws UsageError where a target cannot take the name of the pipeline. */
export function assertDeployable({ kubernetes }: Pick<DeployWish, 'kubernetes'>, name: string): void {
  if (!kubernetes || isKubernetesName(name)) return;
  const expected = 'expected a pipeline name of at most 52 characters that ends with a letter or digit beside --k8s';
  throw new UsageError(`${expected}, found ${name}`);
}

/** Writes the files of the targets that are wished for. Its name was found to be deployable. */
export async function deployFiles(
  { image, shutdownSeconds, ...targets }: DeployWish,
  { file, out, hash }: Built,
): Promise<readonly WrittenTarget[]> {
  if (!Object.values(targets).includes(true)) return [];
  // Without the environment and the files of this machine: what is written must not hold a value of them.
  const bare = { environment: {}, readFile: () => '' };
  const { spec, document, findings } = readPipeline(file, 'check', bare).result;
  if (spec === undefined || document === undefined) throw new Error(findingsText(findings));
  const { value } = document;
  const deployment = await deploymentOf({ spec, document: value, catalog, image, hash, shutdownSeconds });
  return writeDeployment(deployment, { targets, out, document: value });
}

/** For a person. */
export function deployText(written: readonly WrittenTarget[]): string {
  return written
    .map(({ files, notes, next }) => {
      const lines = [...files, ...notes.map((note) => `  ${note}`), 'next:', ...next.map((step) => `  ${step}`)];
      return `\n${lines.join('\n')}\n`;
    })
    .join('');
}
