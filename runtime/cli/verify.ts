import { CLASS_NAMES } from '#contract/traffic-class.ts';
import { asSluiceError, type SluiceError } from '#contract/errors.ts';
import { harmless } from '#kit/printable.ts';
import { catalog } from '../host/catalog.ts';
import { findingsEnvelope, findingsText, withoutNotices } from '../project/check/findings-text.ts';
import type { LetterCause } from '../verify/run-dead-letters.ts';
import { startVerification, type Verification } from '../verify/verification.ts';
import { newLog } from '../telemetry/log.ts';
import { type Report, reportText } from '../verify/verdicts.ts';
import { withinDeadline } from './check-deadline.ts';
import type { Command } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { countDrops, type DropCounts } from './verify-drops.ts';
import { chooseEnds } from './verify-ends.ts';
import { type LettersAside, lettersOf } from './verify-dead-letters.ts';
import { bodyOption, classOption, markOption, VERIFY_HELP, VERIFY_OPTIONS, verifyOptions } from './verify-options.ts';
import { jsonLine, printJson } from './output.ts';

const PROGRESS_MS = 1000;

export const verify: Command = {
  usage: 'PIPELINE --route NAME | VERIFY-FILE | --in URL --out URL  [--class NAME] [--rate N/s] [--count N] [--json]',
  help: VERIFY_HELP,
  examples: [
    ['pipelines/orders.yaml --route orders --count 1000', 'through one route of a running bridge'],
    ['--in mqtt://127.0.0.1/in --out nats://127.0.0.1/out', 'through a bridge of another kind'],
  ],
  options: VERIFY_OPTIONS,
  choices: { class: CLASS_NAMES },
  words: [0, 1],
  async run(given) {
    // `--in` and `--out` may hold a password, and every user of the machine may list the arguments of a process.
    process.title = 'sluice verify';
    const options = verifyOptions(given);
    const isJson = given.values['json'] === true;
    const { ends, findings, route } = await withinDeadline(
      given.positionals[0] ?? '',
      { output: 'stdout', isJson },
      () => chooseEnds(given),
    );
    if (ends === undefined) {
      process.stdout.write(
        isJson ? jsonLine('verify', findingsEnvelope(findings)) : findingsText(withoutNotices(findings)),
      );
      return EXIT.invalid;
    }
    const stop = new AbortController();
    // The messages sent until then are judged all the same; a second signal ends at once.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
    const trouble = Promise.withResolvers<never>();
    trouble.promise.catch(() => {});
    const letters = lettersOf(given, route);
    const drops = await countDrops(letters.running, route);
    const bodies = { body: bodyOption(given) ?? {}, markPlace: markOption(given) ?? 'body', ...route?.bodies };
    const settings = {
      ...options,
      ...bodies,
      catalog,
      log: newLog({ write: (line) => process.stderr.write(line), isJson: !process.stderr.isTTY }),
      trafficClass: classOption(given) ?? route?.trafficClass ?? 'event',
      drops: () => drops.read(),
      deadLetters: (run: string) => letters.count ?? letters.look(run)?.names,
      signal: stop.signal,
      // A bus that cannot be reached at the start is no fault of the bridge; the check does not wait for it.
      onProblem: (error: SluiceError) => trouble.reject(error),
    };
    try {
      const check = await Promise.race([startVerification(ends, settings), trouble.promise]);
      return await judged(check, { letters, drops, isJson });
    } catch (thrown) {
      stop.abort();
      return failed(asSluiceError(thrown), isJson);
    }
  },
};

interface Aside {
  readonly letters: LettersAside;
  readonly drops: DropCounts;
  readonly isJson: boolean;
}

async function judged(check: Verification, { letters, drops, isJson }: Aside): Promise<ExitCode> {
  const stopProgress = showProgress(check);
  const report = await check.report.finally(stopProgress);
  const { causes, removed } = letters.end(report.run);
  process.stdout.write(
    isJson ? jsonLine('verify', { ...report, letters: { causes, removed } }) : `${reportText(report)}\n`,
  );
  if (!isJson) process.stdout.write(causes.map(causeText).join(''));
  if (!isJson && removed > 0) process.stdout.write(`These ${removed} dead letters of the check are removed again.\n`);
  if (!report.judged) {
    process.stderr.write(`sluice: ${whyUnjudged(report, drops)}: nothing was judged\n`);
    return EXIT.environment;
  }
  if (report.ok) return EXIT.fine;
  if (letters.hint !== undefined) process.stderr.write(`sluice: ${letters.hint}\n`);
  if (drops.areUnknown && report.verdicts.lost.count + report.verdicts.wedged.count > 0) {
    process.stderr.write(`sluice: if ${named(drops)} drops messages, ${FIGURES}\n`);
  }
  return EXIT.convicted;
}

const FIGURES = 'run the pipeline with --admin HOST:PORT, and its own figures show which are missing for that reason';

function whyUnjudged({ sent, deadLettered, dropped }: Report, drops: DropCounts): string {
  if (sent === 0) return 'no message was confirmed by the bus that the bridge reads';
  const give = 'give bodies that the stages take with --body FILE';
  if (deadLettered + dropped === 0) {
    return `nothing arrived, and there is no dead letter of it: ${named(drops)} may have dropped every message; ${give}, or ${FIGURES}`;
  }
  const ends = [
    ...(dropped > 0 ? [`was dropped by ${named(drops)}`] : []),
    ...(deadLettered > 0 ? ['ended as a dead letter'] : []),
  ];
  return `every message that could be accounted for ${ends.join(' or ')}; ${give}`;
}

function named({ stages }: DropCounts): string {
  return stages.join(' or ');
}

function causeText({ code, stage, count, text }: LetterCause): string {
  return `  ${count} x ${code}${stage === undefined ? '' : ` at ${stage}`}: ${harmless(text)}\n`;
}

function failed({ code, message, remedy }: SluiceError, isJson: boolean): ExitCode {
  if (isJson) printJson('verify', { ok: false, error: { code, message, remedy } });
  else process.stderr.write(`sluice: ${code}: ${message}. ${remedy}\n`);
  return code === 'INTERNAL' ? EXIT.internal : EXIT.environment;
}

/** A line that redraws, on a terminal. */
function showProgress(check: Verification): () => void {
  const { stderr } = process;
  if (!stderr.isTTY) return () => {};
  const timer = setInterval(() => {
    const { sent, arrived, missing } = check.numbers();
    stderr.write(`\r${sent} sent, ${arrived} arrived, ${missing} missing \u{1B}[K`);
  }, PROGRESS_MS);
  return () => {
    clearInterval(timer);
    stderr.write('\r\u{1B}[K');
  };
}
