import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findingsText } from '../project/check/findings-text.ts';
import { compareSchemas } from '../project/schemas/evolution/compare.ts';
import { readVersion, type SchemaTexts } from '../project/schemas/evolution/read-version.ts';
import { type Arguments, UsageError } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { filesAt, GitFailure } from './git-files.ts';
import { folderTexts } from './schema-diff.ts';
import { comparisonText, demanded, exitOf } from './schema-report.ts';
import { printJson, type SchemaOutcome } from './output.ts';

/** The schema of pipeline files: no body is judged by it. */
const OWN = 'pipeline.schema';

/** `sluice schema check [NAME...] --against GIT_REV`. */
export async function schemaCheck(words: readonly string[], given: Arguments): Promise<ExitCode> {
  const { against, project = '.', 'allow-removed': allowRemoved, json } = given.values;
  if (typeof against !== 'string') throw new UsageError('expected --against GIT_REV');
  const directions = demanded(given);
  const home = resolve(String(project));
  if (!existsSync(home)) throw new UsageError(`expected a folder, found ${home}`);
  const now = folderTexts(join(home, 'schemas'));
  let before: SchemaTexts;
  try {
    before = textsAt(against, await filesAt(against, home, 'schemas'));
  } catch (thrown) {
    if (!(thrown instanceof GitFailure)) throw thrown;
    process.stderr.write(`sluice: ${thrown.message}\n`);
    return thrown.isEnvironment ? EXIT.environment : EXIT.invalid;
  }
  const outcomes = namesOf(words, before, now).map((name) => outcomeOf(name, before, now));
  const exitOfOne = (outcome: SchemaOutcome): ExitCode => {
    if (outcome.state === 'compared') return exitOf(outcome, directions);
    if (outcome.state === 'removed') return allowRemoved === true ? EXIT.fine : EXIT.incompatible;
    if (outcome.state === 'broken') return EXIT.invalid;
    return outcome.state === 'new' ? EXIT.fine : EXIT.undecided;
  };
  const exits = outcomes.map(exitOfOne);
  const exit = [EXIT.invalid, EXIT.incompatible, EXIT.undecided].find((code) => exits.includes(code)) ?? EXIT.fine;
  if (json === true) printJson('schema', { ok: exit === EXIT.fine, against, demanded: directions, schemas: outcomes });
  else process.stdout.write(outcomes.map((one) => outcomeText(one, directions)).join(''));
  return exit;
}

function textsAt(revision: string, files: ReadonlyMap<string, string>): SchemaTexts {
  const texts = new Map([...files].map(([file, text]) => [file.slice(0, -'.json'.length), text]));
  return { texts, pathOf: (name) => `${revision}:schemas/${name}.json` };
}

function namesOf(words: readonly string[], before: SchemaTexts, now: SchemaTexts): readonly string[] {
  const all = new Set([...before.texts.keys(), ...now.texts.keys()]);
  all.delete(OWN);
  const unknown = words.find((word) => !all.has(word));
  if (unknown !== undefined)
    throw new UsageError(`expected names of schemas (${[...all].toSorted().join(', ')}), found ${unknown}`);
  return words.length > 0 ? words : [...all].toSorted();
}

function outcomeOf(name: string, before: SchemaTexts, now: SchemaTexts): SchemaOutcome {
  if (!now.texts.has(name)) return { name, state: 'removed' };
  const newer = readVersion(name, now);
  if (!('name' in newer)) return { name, state: 'broken', findings: newer };
  if (!before.texts.has(name)) return { name, state: 'new' };
  const older = readVersion(name, before);
  if (!('name' in older)) return { name, state: 'was-broken', findings: older };
  return { name, state: 'compared', ...compareSchemas(older, newer) };
}

function outcomeText(outcome: SchemaOutcome, directions: ReturnType<typeof demanded>): string {
  const { name } = outcome;
  switch (outcome.state) {
    case 'new':
    case 'removed':
      return `${name}: ${outcome.state}\n`;
    case 'broken':
      return findingsText(outcome.findings);
    case 'was-broken':
      return `${name}: cannot tell, because the old one cannot be used\n${findingsText(outcome.findings)}`;
    case 'compared':
      return comparisonText(outcome, directions).replaceAll(/^(?=\S)/gm, `${name} `);
  }
}
