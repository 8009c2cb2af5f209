import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { findingsText } from '../project/check/findings-text.ts';
import { compareSchemas } from '../project/schemas/evolution/compare.ts';
import { readVersion, type SchemaTexts } from '../project/schemas/evolution/read-version.ts';
import { type Arguments, UsageError } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { comparisonText, demanded, exitOf } from './schema-report.ts';
import { printJson } from './output.ts';

const ENDING = '.json';

/** `sluice schema diff OLD NEW`. */
export function schemaDiff(words: readonly string[], given: Arguments): ExitCode {
  const [older, newer, ...rest] = words;
  if (older === undefined || newer === undefined || rest.length > 0)
    throw new UsageError(`expected two schema files, the old and the new one, found ${words.length}`);
  const directions = demanded(given);
  const [before, after] = [fileVersion(older), fileVersion(newer)];
  const findings = [before, after].flatMap((version) => ('name' in version ? [] : version));
  if (!('name' in before) || !('name' in after)) {
    process.stderr.write(findingsText(findings));
    return EXIT.invalid;
  }
  const comparison = compareSchemas(before, after);
  const exit = exitOf(comparison, directions);
  if (given.values['json'] === true)
    printJson('schema', { ok: exit === EXIT.fine, demanded: directions, ...comparison });
  else process.stdout.write(comparisonText(comparison, ['backward', 'forward']));
  return exit;
}

function fileVersion(path: string): ReturnType<typeof readVersion> {
  if (!path.endsWith(ENDING)) throw new UsageError(`expected a schema file that ends in ${ENDING}, found ${path}`);
  const name = basename(path, ENDING);
  const version = folderTexts(dirname(path));
  if (!version.texts.has(name)) throw new UsageError(`expected a schema file that can be read, found ${path}`);
  return readVersion(name, version);
}

/** The JSON files of a folder that can be read. */
export function folderTexts(folder: string): SchemaTexts {
  const texts = new Map<string, string>();
  for (const file of list(folder)) {
    if (!file.endsWith(ENDING)) continue;
    try {
      texts.set(basename(file, ENDING), readFileSync(join(folder, file), 'utf8'));
    } catch {
      // A folder, or a file without the right to read it: it is no schema.
    }
  }
  return { texts, pathOf: (name) => join(folder, name + ENDING) };
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}
