import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bus } from '#contract/bus.ts';
import { catalogOf } from './catalog-of.ts';
import { UsageError } from './cli/command.ts';
import { EXIT, type ExitCode } from './cli/exit-codes.ts';
import { helpLines } from './cli/help-lines.ts';
import { holdPipeline } from './cli/hold.ts';
import { leave } from './cli/leave.ts';
import { parseWords } from './cli/parse-words.ts';
import { processLog } from './cli/process-log.ts';
import { RUN_HELP, RUN_OPTIONS, runOptions } from './cli/run-options.ts';
import { warnOfOlderState } from './cli/state-place.ts';
import { findingsText, withoutNotices } from './config/findings-text.ts';
import { type PipelineDocument, resolvePipeline } from './config/resolve-pipeline.ts';
import { adoptFunctions } from './adopt-functions.ts';
import { referenceReader } from './project-files.ts';
import type { FunctionHome } from './stages/kind.ts';
import type { Validator } from './stages/validate.ts';
import { thrownPlaceReader } from './thrown-place.ts';

/** What `sluice build` put beside the runtime. */
export interface BundledPipeline {
  readonly document: PipelineDocument;
  readonly buses: readonly Bus[];
  /** Function modules by name. */
  readonly functions: Readonly<Record<string, unknown>>;
  readonly validators: Readonly<Record<string, Validator>>;
  /** `import.meta.url` of the bundle. */
  readonly url: string;
}

/** The whole life of a bundle's process. References of the pipeline file are resolved here and now, files beside the working directory. */
export async function runBundle(bundled: BundledPipeline): Promise<void> {
  await leave(await run(bundled));
}

async function run({ document, buses, functions, validators, url }: BundledPipeline): Promise<ExitCode> {
  const file = basename(fileURLToPath(url));
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    process.stdout.write(manual(file));
    return EXIT.fine;
  }
  const catalog = catalogOf(buses);
  const { spec, findings } = resolvePipeline(document, catalog, {
    environment: process.env,
    readFile: referenceReader(process.cwd()),
  });
  if (spec === undefined) {
    process.stderr.write(findingsText(withoutNotices(findings)));
    return EXIT.invalid;
  }
  const explain = thrownPlaceReader({ url, readMap: () => mapBeside(url) });
  const home = (): Promise<FunctionHome> =>
    Promise.resolve({ url: `${url}?functions`, explain, close: () => Promise.resolve() });
  const names = new Map(Object.keys(functions).map((name) => [name, name]));
  const adopted = adoptFunctions(functions, names, { explain, home });
  try {
    const given = parseWords({ options: RUN_OPTIONS, words: 0 }, args);
    const parts = { functions: adopted.functions, validators: new Map(Object.entries(validators)) };
    const log = processLog();
    const beside = dirname(fileURLToPath(url));
    const options = runOptions(given, beside, spec.name);
    if (given.values['state'] === undefined) warnOfOlderState(log, beside, spec.name);
    return await holdPipeline(spec, { ...options, catalog, parts, log, environment: process.env });
  } catch (thrown) {
    if (!(thrown instanceof UsageError)) throw thrown;
    process.stderr.write(`${file}: ${thrown.message}\n${manual(file)}`);
    return EXIT.invalid;
  }
}

function manual(file: string): string {
  return `usage: node ${file} [options]\n${helpLines(RUN_HELP)}`;
}

function mapBeside(url: string): string | undefined {
  try {
    return readFileSync(`${fileURLToPath(url)}.map`, 'utf8');
  } catch {
    // Deployed without its map: errors then name no line of the function.
    return undefined;
  }
}
