import { ERRORS, SluiceError } from '#contract/errors.ts';
import { findingsText } from '../config/findings-text.ts';
import { openLetterShelf } from '../state/letter-shelf.ts';
import { isStateFolder } from '../state/state-folder.ts';
import { withinDeadline } from './check-deadline.ts';
import { readPipeline } from './checked-pipeline.ts';
import { type Command, UsageError } from './command.ts';
import { discardLetters } from './dlq-discard.ts';
import { exportLetters } from './dlq-export.ts';
import { listLetters } from './dlq-list.ts';
import { replayLetters } from './dlq-replay.ts';
import { showLetters } from './dlq-show.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { checkFilter, letterFilter } from './letter-options.ts';
import type { LetterTask } from './letter-task.ts';
import { knownStates, olderState, olderText, standardState } from './state-place.ts';

const WORDS: Readonly<Record<string, (task: LetterTask) => ExitCode | Promise<ExitCode>>> = {
  list: listLetters,
  show: showLetters,
  replay: replayLetters,
  discard: discardLetters,
  export: exportLetters,
};

const NAMES = Object.keys(WORDS).join('|');

export const dlq: Command = {
  usage: `${NAMES} PIPELINE [NUMBER...] [--route ROUTE] [--code CODE] [--key KEY] [--since 2h] [--until 10m] [--state DIR] [--json]`,
  help: {
    '--route ROUTE': 'letters of that route; may be given again, as all filters but times',
    '--code CODE': 'letters that ended with that code: SCHEMA_INVALID',
    '--key KEY': 'letters of that key',
    '--since TIME': 'that died since: 2h ago, or 2026-11-25T03:00:00Z',
    '--until TIME': 'that died before',
    '--id NUMBER': 'these letters: 12, 12,15 or 20-30; also as words behind the pipeline',
    '--state DIR': 'folder of what outlives the process, as `run` has it (default .sluice/NAME beside the project)',
    '--json': 'print one JSON object instead of lines',
    '--limit N': 'list: the last N (default 100)',
    '--rate N/s': 'replay: at most so many a second',
    '--renew-expiry TIME': 'replay: what has expired may be sent for so long from now on',
    '--yes': 'discard: do it',
    '--out FILE': 'export: write there instead of to standard output',
  },
  options: {
    route: { type: 'string', multiple: true },
    code: { type: 'string', multiple: true },
    key: { type: 'string', multiple: true },
    id: { type: 'string', multiple: true },
    since: { type: 'string' },
    until: { type: 'string' },
    state: { type: 'string' },
    json: { type: 'boolean' },
    limit: { type: 'string' },
    rate: { type: 'string' },
    'renew-expiry': { type: 'string' },
    yes: { type: 'boolean' },
    out: { type: 'string' },
  },
  // Numbers of letters may follow; what is missing is told by the command itself.
  words: [0, Infinity],
  async run(given) {
    const [word = '', file, ...numbers] = given.positionals;
    const act = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
    if (act === undefined) throw new UsageError(`expected ${NAMES}, found ${word === '' ? 'nothing' : word}`);
    if (file === undefined) throw new UsageError('expected one pipeline file, found none');
    const isJson = given.values['json'] === true;
    const filter = letterFilter(given, numbers);
    const { result, project } = await withinDeadline(file, { output: 'stderr' }, () => readPipeline(file, 'check'));
    const { spec } = result;
    if (spec === undefined) {
      process.stderr.write(findingsText(result.findings.filter(({ severity }) => severity === 'error')));
      return EXIT.invalid;
    }
    const { state } = given.values;
    const older = state === undefined ? olderState(project.folder, spec.name) : undefined;
    if (older !== undefined) process.stderr.write(`sluice: ${olderText(older, project.folder, spec.name)}\n`);
    const folder = typeof state === 'string' ? state : standardState(project.folder, spec.name);
    try {
      const shelf = openLetterShelf(folder);
      try {
        if (shelf === undefined) assertRanWith(folder, project.folder);
        checkFilter(filter, {
          routes: [...spec.routes.map(({ name }) => name), ...(shelf?.routes({}) ?? [])],
          codes: [...Object.keys(ERRORS), ...(shelf?.codes() ?? [])],
        });
        if (shelf === undefined) return none(folder, isJson);
        return await act({ given, file, spec, folder, shelf, filter, isJson });
      } finally {
        shelf?.close();
      }
    } catch (thrown) {
      if (!(thrown instanceof SluiceError)) throw thrown;
      return failed(thrown, isJson);
    }
  },
};

/** Throws STATE_MISSING where no pipeline has run with this folder: it is the wrong one, or too early. */
function assertRanWith(folder: string, home: string): void {
  if (isStateFolder(folder)) return;
  const known = knownStates(home);
  const others = known.length === 0 ? '' : `; state folders that are there: ${known.join(', ')}`;
  const found = `expected the state folder of a pipeline in ${folder}, found none${others}`;
  throw new SluiceError('STATE_MISSING', found);
}

function none(folder: string, isJson: boolean): ExitCode {
  if (isJson) process.stdout.write(`${JSON.stringify({ ok: true, folder, total: 0, letters: [] })}\n`);
  else process.stdout.write(`There are no dead letters: ${folder} holds none, and never did.\n`);
  return EXIT.fine;
}

function failed({ code, message, remedy }: SluiceError, isJson: boolean): ExitCode {
  if (isJson) process.stdout.write(`${JSON.stringify({ ok: false, error: { code, text: message, remedy } })}\n`);
  else process.stderr.write(`sluice: ${code}  ${message}. ${remedy}\n`);
  return code === 'INTERNAL' ? EXIT.internal : EXIT.environment;
}
