import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CrashOptions, CrashReport, PipelineOptions, RehearsedPipeline } from '#contract/rehearsed.ts';
import { catalog } from '../host/catalog.ts';
import { findingsEnvelope, findingsText } from '../project/check/findings-text.ts';
import { crashEverywhereIn, type Scenario } from '../rehearsal/crash-everywhere.ts';
import { logTo, PipelineInMemory, startOf } from '../rehearsal/pipeline.ts';
import { RehearsalError } from '../rehearsal/rehearsal-error.ts';
import type { RehearsalSettings } from '../rehearsal/rehearsal.ts';
import { readPipeline } from './checked-pipeline.ts';
import { loadParts } from './load-parts.ts';
import { shortPath } from './short-path.ts';

/** What a rehearsal runs. */
export type RehearsedFile = Pick<RehearsalSettings, 'spec' | 'catalog' | 'parts'> & { readonly file: string };

/**
 * Reads and checks a pipeline file for a rehearsal: references to the environment and to files need not be there. Throws UsageError
 * where there is no file, RehearsalError with the findings where it is wrong.
 */
export async function readRehearsedFile(file: string): Promise<RehearsedFile> {
  const { result, project } = readPipeline(file, 'check');
  const { parts, findings: found } = await loadParts(result.named, project, { ...result, file: shortPath(file) });
  const findings = [...result.findings, ...found].filter(({ severity }) => severity === 'error');
  const { spec } = result;
  if (spec === undefined || !findingsEnvelope(findings).ok) {
    throw new RehearsalError(`expected a pipeline without errors, found\n${findingsText(findings)}`);
  }
  return { file, spec, catalog, parts };
}

/** `orders` is `pipelines/orders.yaml` of the current folder; anything that ends in `.yaml` or `.yml` is a path. */
export function pipelineFile(name: string): string {
  if (/\.ya?ml$/.test(name)) return resolve(name);
  const usual = `pipelines/${name}.yaml`;
  return resolve([usual, `pipelines/${name}.yml`].find((path) => existsSync(path)) ?? usual);
}

/** See `pipeline` of sluice/testing. */
export async function openPipeline(name: string, options: PipelineOptions = {}): Promise<RehearsedPipeline> {
  const read = await readRehearsedFile(pipelineFile(name));
  return PipelineInMemory.open(read.file, { ...read, ...settingsOf(options) });
}

/** See `crashEverywhere` of sluice/testing. */
export async function crashEverywhereOf(
  of: string | Pick<RehearsedPipeline, 'file'>,
  scenario: Scenario,
  { runs = MOST_RUNS, ...options }: CrashOptions = {},
): Promise<CrashReport> {
  const read = await readRehearsedFile(typeof of === 'string' ? pipelineFile(of) : of.file);
  return crashEverywhereIn({ ...read, ...settingsOf(options), runs }, scenario);
}

const MOST_RUNS = 500;

function settingsOf({ at, log }: PipelineOptions): Pick<RehearsalSettings, 'startMs' | 'log'> {
  return { startMs: startOf(at), log: log && logTo(log) };
}
