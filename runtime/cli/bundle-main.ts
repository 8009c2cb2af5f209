import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bus } from '#contract/bus.ts';
import { didYouMean } from '#kit/nearest.ts';
import type { CodecMaker } from '#contract/schema-codec.ts';
import { schemaFile } from '../host/codec-makers.ts';
import { catalogOf } from '../host/catalog-of.ts';
import { type Arguments, type Command, UsageError } from './command.ts';
import { assertAction, DLQ_HELP, DLQ_OPTIONS, dlqUsage, runDlq } from './dlq-actions.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { helpLines } from './help-lines.ts';
import { runUntilSignal } from './run-until-signal.ts';
import { exitFlushed } from './exit-flushed.ts';
import type { OwnRun } from './dlq-task.ts';
import { liveLog } from './live-log.ts';
import { logSettings } from './log-settings.ts';
import { parseArguments } from './parse-arguments.ts';
import { RUN_HELP, RUN_OPTIONS, runOptions, warnOfOlderOptions } from './run-options.ts';
import { withSpoolFolders } from './spool-folder.ts';
import { warnOfOlderState } from './state-folder.ts';
import { findingsEnvelope, findingsText, withoutNotices } from '../project/check/findings-text.ts';
import { type PipelineDocument, type Resolution, resolvePipeline } from '../project/read/resolve-pipeline.ts';
import { adoptFunctions } from '../project/functions/adopt-functions.ts';
import type { OpenGuards } from '../host/guard-desk.ts';
import type { OpenRouteRegistry } from '../host/route-registry.ts';
import type { LabelJudge } from '../project/labels/label-judge.ts';
import { referenceReader } from '../project/project-files.ts';
import type { CompileExpression } from '#contract/expression.ts';
import type { FunctionHome } from '#contract/stage-kind.ts';
import type { Validator } from '#contract/validator.ts';
import { thrownPositionReader } from '../project/functions/thrown-position.ts';
import { printJson } from './output.ts';

/** The parts that `sluice build` put beside the runtime. */
export interface BundledPipeline {
  readonly document: PipelineDocument;
  readonly buses: readonly Bus[];
  /** Function modules by name. */
  readonly functions: Readonly<Record<string, unknown>>;
  readonly validators: Readonly<Record<string, Validator>>;
  /** Undefined where the pipeline names no label policy. */
  readonly labels?: LabelJudge;
  /** Undefined where the pipeline has no expressions. */
  readonly compileExpression: CompileExpression | undefined;
  readonly codecs: {
    readonly makers: Readonly<Record<string, CodecMaker>>;
    /** Schema files as base64. */
    readonly files: Readonly<Record<string, string>>;
    /** Undefined where the pipeline names no schema registry. */
    readonly openRegistry?: OpenRouteRegistry;
  };
  /** Undefined where the pipeline has no guards. */
  readonly openGuards?: OpenGuards;
  /** `import.meta.url` of the bundle. */
  readonly url: string;
}

/**
 * Runs a bundle's process from its start to its end. References of the pipeline file are resolved at the start. Its relative
 * paths are resolved from the bundle's folder: a supervisor may start it in any folder.
 */
export async function runBundle(bundled: BundledPipeline): Promise<void> {
  await exitFlushed(await main(bundled));
}

/** The commands of a bundle. */
const COMMANDS: Readonly<Record<string, BundleCommand>> = {
  run: {
    usage: '[options]',
    summary: 'run the pipeline until SIGTERM or Ctrl-C; the default command',
    help: RUN_HELP,
    options: RUN_OPTIONS,
    words: 0,
    run: hold,
  },
  'check-config': {
    usage: '[--json]',
    summary:
      'report missing or wrong parts of the environment and of the files that the pipeline names; connects to nothing',
    help: { '--json': 'print one JSON object instead of lines' },
    options: { json: { type: 'boolean' } },
    words: 0,
    run: checkConfig,
  },
  dlq: {
    usage: dlqUsage(''),
    summary: 'dead letters: list, show, replay, discard, export',
    help: DLQ_HELP,
    options: DLQ_OPTIONS,
    words: [0, Infinity],
    run: letters,
  },
};

interface BundleCommand extends Omit<Command, 'run' | 'examples'> {
  readonly summary: string;
  /** Throws UsageError for arguments that only the command can check. */
  run(given: Arguments, bundled: BundledPipeline): Promise<ExitCode>;
}

async function main(bundled: BundledPipeline): Promise<ExitCode> {
  const [first = '', ...rest] = process.argv.slice(2);
  const isNamed = first !== '' && !first.startsWith('-');
  const file = fileOf(bundled);
  if (first === 'help' || first === '--help' || first === '-h') {
    process.stdout.write(overview(file));
    return EXIT.fine;
  }
  const word = isNamed ? first : 'run';
  const command = Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
  if (command === undefined) {
    const names = Object.keys(COMMANDS);
    const hint = didYouMean(word, names);
    const expected = `expected ${names.join(', ')}`;
    process.stderr.write(`${file}: ${expected}, found ${word}${hint}\n${overview(file)}`);
    return EXIT.invalid;
  }
  const args = isNamed ? rest : process.argv.slice(2);
  if (args.includes('--help')) {
    process.stdout.write(manual(file, word, command));
    return EXIT.fine;
  }
  try {
    return await command.run(parseArguments(command, args), bundled);
  } catch (thrown) {
    if (!(thrown instanceof UsageError)) throw thrown;
    process.stderr.write(`${file}: ${thrown.message}\n${manual(file, word, command)}`);
    return EXIT.invalid;
  }
}

async function hold(given: Arguments, bundled: BundledPipeline): Promise<ExitCode> {
  const own = load(bundled);
  if (own === undefined) return EXIT.invalid;
  const { spec, parts } = own;
  const home = homeOf(bundled);
  const options = runOptions(given, home, spec.name);
  const catalog = catalogOf(bundled.buses);
  const live = liveLog(logSettings(spec, catalog, process.env));
  const { log } = live;
  warnOfOlderOptions(log, given);
  if (given.values['state'] === undefined) warnOfOlderState(log, home, spec.name);
  return runUntilSignal(
    withSpoolFolders(home, spec, log),
    { ...options, catalog, parts, log, environment: process.env },
    live,
  );
}

function checkConfig({ values }: Arguments, bundled: BundledPipeline): Promise<ExitCode> {
  const { findings } = resolve(bundled, 'run');
  const envelope = findingsEnvelope(findings);
  if (values['json'] === true) printJson('check', envelope);
  else {
    process.stdout.write(findingsText(withoutNotices(findings)));
    if (envelope.ok) process.stdout.write(`${fileOf(bundled)} has all that it needs.\n`);
  }
  return Promise.resolve(envelope.ok ? EXIT.fine : EXIT.invalid);
}

async function letters(given: Arguments, bundled: BundledPipeline): Promise<ExitCode> {
  const [word = '', ...numbers] = given.positionals;
  assertAction(word);
  // Dead letters can be read without the environment of the bridge.
  const { spec, findings } = resolve(bundled, 'check');
  if (spec === undefined) {
    process.stderr.write(findingsText(withoutNotices(findings)));
    return EXIT.invalid;
  }
  const catalog = catalogOf(bundled.buses);
  const pipeline = { spec, home: homeOf(bundled), catalog, load: () => Promise.resolve(load(bundled)) };
  return runDlq(word, numbers, given, pipeline);
}

/** The pipeline with its functions and validators, in this environment; undefined, with the findings printed, if it cannot run. */
function load(bundled: BundledPipeline): OwnRun | undefined {
  const { functions, validators, codecs, openGuards, url } = bundled;
  const { spec, findings } = resolve(bundled, 'run');
  if (spec === undefined) {
    process.stderr.write(findingsText(withoutNotices(findings)));
    return undefined;
  }
  const explain = thrownPositionReader({ url, readMap: () => mapBeside(url) });
  const home = (): Promise<FunctionHome> =>
    Promise.resolve({ url: `${url}?functions`, explain, close: () => Promise.resolve() });
  const names = new Map(Object.keys(functions).map((name) => [name, name]));
  const adopted = adoptFunctions(functions, names, { explain, home });
  const schemaCodecs = {
    openRegistry: codecs.openRegistry,
    makers: new Map(Object.entries(codecs.makers)),
    files: new Map(
      Object.entries(codecs.files).map(([name, text]) => [name, schemaFile(name, Buffer.from(text, 'base64'))]),
    ),
  };
  const parts = {
    functions: adopted.functions,
    validators: new Map(Object.entries(validators)),
    codecs: schemaCodecs,
    compileExpression: bundled.compileExpression,
    openGuards,
  };
  return { spec, parts };
}

function resolve(bundled: BundledPipeline, mode: 'check' | 'run'): Resolution {
  const { document, buses, labels } = bundled;
  const home = homeOf(bundled);
  const sources = {
    environment: process.env,
    readFile: referenceReader(home),
    home: `the bundle's folder ${home}`,
    mode,
    labels,
    compileExpression: bundled.compileExpression,
  };
  return resolvePipeline(document, catalogOf(buses), sources);
}

function fileOf({ url }: BundledPipeline): string {
  return basename(fileURLToPath(url));
}

function homeOf({ url }: BundledPipeline): string {
  return dirname(fileURLToPath(url));
}

function overview(file: string): string {
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(12)} ${summary}\n`);
  return `usage: node ${file} [COMMAND] [options]\n\n${lines.join('')}\nnode ${file} COMMAND --help shows more. Options of run:\n${helpLines(RUN_HELP)}`;
}

function manual(file: string, word: string, { usage, summary, help }: BundleCommand): string {
  return `usage: node ${file} ${word} ${usage}\n\n${summary}\n\n${helpLines(help)}`;
}

function mapBeside(url: string): string | undefined {
  try {
    return readFileSync(`${fileURLToPath(url)}.map`, 'utf8');
  } catch {
    // Deployed without its map: errors then name no line of the function.
    return undefined;
  }
}
