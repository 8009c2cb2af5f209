import { asSluiceError, type SluiceError } from '#contract/errors.ts';
import { catalog } from '../catalog.ts';
import { findingsEnvelope, findingsText, withoutNotices } from '../config/findings-text.ts';
import { deadLetterNames } from '../dead-letter-names.ts';
import { startVerification, type Verification } from '../verification.ts';
import { newLog } from '../telemetry/log.ts';
import { reportText } from '../verify/verdicts.ts';
import { withinDeadline } from './check-deadline.ts';
import type { Arguments, Command } from './command.ts';
import { UsageError } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { chooseEnds } from './verify-ends.ts';
import { classOption, deadLetterCount, textOf, VERIFY_HELP, VERIFY_OPTIONS, verifyOptions } from './verify-options.ts';

const PROGRESS_MS = 1000;

export const verify: Command = {
  usage: 'PIPELINE --route NAME | VERIFY-FILE | --in URL --out URL  [--class NAME] [--rate N/s] [--count N] [--json]',
  help: VERIFY_HELP,
  options: VERIFY_OPTIONS,
  words: [0, 1],
  async run(given) {
    // `--in` and `--out` may hold a password, and every user of the machine may list the arguments of a process.
    process.title = 'sluice verify';
    const options = verifyOptions(given);
    const isJson = given.values['json'] === true;
    const { ends, findings, trafficClass } = await withinDeadline(
      given.positionals[0] ?? '',
      { output: 'stdout', isJson },
      () => chooseEnds(given),
    );
    if (ends === undefined) {
      process.stdout.write(
        isJson ? `${JSON.stringify(findingsEnvelope(findings))}\n` : findingsText(withoutNotices(findings)),
      );
      return EXIT.invalid;
    }
    const stop = new AbortController();
    // What was sent until then is judged all the same; a second signal ends at once.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
    const trouble = Promise.withResolvers<never>();
    trouble.promise.catch(() => {});
    const asked = {
      ...options,
      catalog,
      log: newLog({ write: (line) => process.stderr.write(line), isJson: !process.stderr.isTTY }),
      trafficClass: classOption(given) ?? trafficClass ?? 'event',
      deadLetters: deadLettersOf(given),
      signal: stop.signal,
      // A bus that cannot be reached at the start is no bridge's fault, and nothing to wait for.
      onProblem: (error: SluiceError) => trouble.reject(error),
    };
    try {
      const check = await Promise.race([startVerification(ends, asked), trouble.promise]);
      return await judged(check, isJson);
    } catch (thrown) {
      stop.abort();
      return failed(asSluiceError(thrown), isJson);
    }
  },
};

async function judged(check: Verification, isJson: boolean): Promise<ExitCode> {
  const stopProgress = showProgress(check);
  const report = await check.report.finally(stopProgress);
  process.stdout.write(isJson ? `${JSON.stringify(report)}\n` : `${reportText(report)}\n`);
  if (report.sent === 0) {
    process.stderr.write('sluice: no message was confirmed by the bus that the bridge reads: nothing was judged\n');
    return EXIT.environment;
  }
  return report.ok ? EXIT.fine : EXIT.convicted;
}

function failed({ code, message, remedy }: SluiceError, isJson: boolean): ExitCode {
  if (isJson) process.stdout.write(`${JSON.stringify({ ok: false, error: { code, message, remedy } })}\n`);
  else process.stderr.write(`sluice: ${code}: ${message}. ${remedy}\n`);
  return code === 'INTERNAL' ? EXIT.internal : EXIT.environment;
}

function deadLettersOf(given: Arguments): Parameters<typeof startVerification>[1]['deadLetters'] {
  const count = deadLetterCount(given);
  const folder = textOf(given.values, 'state');
  if (count !== undefined && folder !== undefined) throw new UsageError('expected --dead-letters or --state, not both');
  return (run) => (folder === undefined ? count : deadLetterNames(folder, run));
}

/** A line that redraws, where somebody watches. */
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
