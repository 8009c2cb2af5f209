import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Found } from './found.ts';
import { isStamped, lastWords, makeStamped } from './stamped.ts';

const run = promisify(execFile);
const MAVEN_MS = 600_000;

/** An artifact of a Maven repository; which repository is for the machine's own settings to say. */
export interface Artifact {
  readonly group: string;
  readonly name: string;
  readonly version: string;
}

const element = (tag: string, content: string): string => `<${tag}>${content}</${tag}>`;

const coordinates = ({ group, name, version }: Artifact): string =>
  element('groupId', group) + element('artifactId', name) + element('version', version);

function project(artifacts: readonly Artifact[]): string {
  const dependencies = artifacts.map((artifact) => element('dependency', coordinates(artifact))).join('\n');
  const own = coordinates({ group: 'sluice.infra', name: 'jars', version: '1' });
  return element('project', element('modelVersion', '4.0.0') + own + element('dependencies', dependencies));
}

/** Fills a folder with the jars of these artifacts and all that they run with, once per set of versions. */
export async function byMaven(
  name: string,
  artifacts: readonly Artifact[],
  { maven, folder }: { readonly maven: () => Promise<Found>; readonly folder: string },
): Promise<Found> {
  const path = join(folder, name);
  const version = artifacts.map((artifact) => `${artifact.name}-${artifact.version}`).join(',');
  const wanted = { path, version };
  if (isStamped(wanted)) return { found: true, path };
  const mvn = await maven();
  const goal = 'mvn dependency:copy-dependencies';
  if (!mvn.found) return { found: false, reason: `no jars of ${name} (${goal}): ${mvn.reason}` };
  try {
    await makeStamped(wanted, async (partial) => {
      const jars = join(partial, 'jars');
      mkdirSync(jars, { recursive: true });
      const pom = join(partial, 'pom.xml');
      writeFileSync(pom, project(artifacts));
      const options = ['-DincludeScope=runtime', `-DoutputDirectory=${jars}`];
      await run(mvn.path, ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', ...options], { timeout: MAVEN_MS });
      return jars;
    });
    return { found: true, path };
  } catch (error) {
    return { found: false, reason: `no jars of ${name}, and \`${goal}\` of ${version} failed: ${lastWords(error)}` };
  }
}
