import type { ParseArgsOptionsConfig } from 'node:util';
import { ERRORS, SluiceError } from '#contract/errors.ts';
import { openDeadLetterAdmin } from '../store/dead-letters/admin.ts';
import { isStateFolder } from '../store/state-folder.ts';
import { clearanceOf } from './clearance.ts';
import { type Arguments, UsageError } from './command.ts';
import { discardLetters } from './dlq-discard.ts';
import { exportLetters } from './dlq-export.ts';
import { listLetters } from './dlq-list.ts';
import { replayLetters } from './dlq-replay.ts';
import { showLetters } from './dlq-show.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { checkFilter, letterFilter } from './dead-letter-filter.ts';
import type { LetterPipeline, DlqTask } from './dlq-task.ts';
import { knownStates, olderState, olderText, standardState } from './state-folder.ts';
import { tellFailure } from './tell-failure.ts';
import { printJson } from './output.ts';

const ACTIONS: Readonly<Record<string, (task: DlqTask) => ExitCode | Promise<ExitCode>>> = {
  list: listLetters,
  show: showLetters,
  replay: replayLetters,
  discard: discardLetters,
  export: exportLetters,
};

export const DLQ_ACTIONS = Object.keys(ACTIONS);
const NAMES = DLQ_ACTIONS.join('|');

const FILTERS =
  '[--route ROUTE] [--code CODE] [--key KEY] [--id NUMBER] [--message-id ID] [--since 2h] [--until 10m] [--clearance LABEL] [--state DIR] [--json]';

/** The usage behind `dlq`; `pipeline`: the word for its file, if it takes one. */
export function dlqUsage(pipeline: string): string {
  return `${NAMES} ${pipeline}[NUMBER...] ${FILTERS}`;
}

export const DLQ_HELP = {
  '--route ROUTE': 'letters of that route; may be given again, as all filters but times',
  '--code CODE': 'letters that ended with that code: SCHEMA_INVALID',
  '--key KEY': 'letters of that key',
  '--since TIME': 'that died since: 2h ago, or 2026-11-25T03:00:00Z',
  '--until TIME': 'that died before',
  '--id NUMBER':
    'letters of these numbers, which `list` shows first: 12, 12,15 or 20-30; also as words behind the pipeline',
  '--message-id ID':
    'letters of the message with that id, as logs and `list --json` have it, or as its publisher gave it',
  '--state DIR':
    'folder of what outlives the process, as `run` has it (default .sluice/NAME beside the project or the bundle)',
  '--clearance LABEL':
    'list, show, export: only letters whose label this one dominates, as the pipeline file writes labels: S;REL=USA',
  '--json': 'print one JSON object instead of lines',
  '--limit N': 'list: the last N (default 100)',
  '--rate N/s': 'replay: at most so many a second',
  '--renew-expiry TIME': 'replay: expired letters may be sent for so long from now on',
  '--yes': 'discard: do it',
  '--out FILE': 'export: write there instead of to standard output',
  '--messages': 'export: only the messages, as `try --in` and `send --file` read them',
} as const;

export const DLQ_OPTIONS = {
  route: { type: 'string', multiple: true },
  code: { type: 'string', multiple: true },
  key: { type: 'string', multiple: true },
  id: { type: 'string', multiple: true },
  'message-id': { type: 'string', multiple: true },
  since: { type: 'string' },
  until: { type: 'string' },
  state: { type: 'string' },
  clearance: { type: 'string' },
  json: { type: 'boolean' },
  limit: { type: 'string' },
  rate: { type: 'string' },
  'renew-expiry': { type: 'string' },
  yes: { type: 'boolean' },
  out: { type: 'string' },
  messages: { type: 'boolean' },
} as const satisfies ParseArgsOptionsConfig;

/** Throws UsageError if there is no such action. */
export function assertAction(word: string): void {
  if (!Object.hasOwn(ACTIONS, word)) throw new UsageError(`expected ${NAMES}, found ${word === '' ? 'nothing' : word}`);
}

/** Runs one action of `dlq`. `numbers`: of letters, as words behind it. Throws UsageError. */
export async function runDlq(
  word: string,
  numbers: readonly string[],
  given: Arguments,
  pipeline: LetterPipeline,
): Promise<ExitCode> {
  const { spec, home } = pipeline;
  const isJson = given.values['json'] === true;
  const filter = letterFilter(given, numbers);
  const clearance = clearanceOf(given, spec.labels);
  if (clearance.text !== undefined && (word === 'discard' || word === 'replay')) {
    throw new UsageError(
      `expected no --clearance beside ${word}, which shows no letter and takes all that the filters name`,
    );
  }
  const { state } = given.values;
  const older = state === undefined ? olderState(home, spec.name) : undefined;
  if (older !== undefined) process.stderr.write(`sluice: ${olderText(older, home, spec.name)}\n`);
  const folder = typeof state === 'string' ? state : standardState(home, spec.name);
  try {
    const deadLetters = openDeadLetterAdmin(folder);
    try {
      if (deadLetters === undefined) assertRanWith(folder, home);
      checkFilter(filter, {
        routes: [...spec.routes.map(({ name }) => name), ...(deadLetters?.routes({}) ?? [])],
        codes: [...Object.keys(ERRORS), ...(deadLetters?.codes() ?? [])],
      });
      if (deadLetters === undefined) return none(folder, isJson);
      return (
        (await ACTIONS[word]?.({ given, pipeline, folder, deadLetters, filter, clearance, isJson })) ?? EXIT.invalid
      );
    } finally {
      deadLetters?.close();
    }
  } catch (thrown) {
    if (!(thrown instanceof SluiceError)) throw thrown;
    return tellFailure(thrown, isJson ? 'dlq' : undefined);
  }
}

/** Throws STATE_MISSING where no pipeline has run with this folder: it is the wrong one, or too early. */
function assertRanWith(folder: string, home: string): void {
  if (isStateFolder(folder)) return;
  const known = knownStates(home);
  const others = known.length === 0 ? '' : `; state folders that are there: ${known.join(', ')}`;
  const found = `expected the state folder of a pipeline in ${folder}, found none${others}`;
  throw new SluiceError('STATE_MISSING', found);
}

function none(folder: string, isJson: boolean): ExitCode {
  if (isJson) printJson('dlq', { ok: true, folder, total: 0, letters: [] });
  else process.stdout.write(`There are no dead letters: ${folder} holds none, and never did.\n`);
  return EXIT.fine;
}
