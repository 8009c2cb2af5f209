import { type CANCEL_SYMBOL, confirm, isCancel, multiselect, select, text } from '@clack/prompts';
import type { Asker, Choice } from '../advise/questions.ts';
import { UsageError } from './command.ts';

/** The questions go to standard error: standard output has the answer alone. */
const output = process.stderr;

/** A person at the terminal. */
export const terminalAsker: Asker = {
  async text(question, sample, wrong) {
    // What is shown in the place of the answer is what Enter answers.
    const unsaid = wrong('') === undefined ? '' : sample;
    const validate = (answer: string | undefined): string | undefined => wrong(answer || unsaid);
    const shown =
      unsaid === ''
        ? { message: `${question} (such as ${sample}; Enter: not said)` }
        : { message: question, placeholder: sample };
    return answered(await text({ ...shown, defaultValue: unsaid, validate, output }));
  },
  async choose(message, choices) {
    return answered(await select({ message, options: optionsOf(choices), output }));
  },
  async chooseSome(message, choices) {
    return answered(await multiselect({ message, options: optionsOf(choices), required: false, output }));
  },
  async confirm(message) {
    return answered(await confirm({ message, initialValue: false, output }));
  },
};

function optionsOf(choices: readonly Choice[]) {
  return choices.map(({ value, hint }) => ({ value, label: value, ...(hint === undefined ? {} : { hint }) }));
}

function answered<T>(answer: T | typeof CANCEL_SYMBOL): T {
  if (isCancel(answer)) throw new UsageError('no answer, so no advice');
  return answer;
}
