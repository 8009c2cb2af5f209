import { asSluiceError, SluiceError } from '#contract/errors.ts';
import type { LabelRules } from '#contract/label-rules.ts';
import type { Message } from '#contract/message.ts';

/** The message that a function's results are made of: its label raised by these. Throws a SluiceError of the label rules. */
export function raisedMessage(rules: LabelRules | undefined, message: Message, raised: readonly unknown[]): Message {
  if (raised.length === 0) return message;
  const { label } = message;
  if (rules === undefined || label === undefined) {
    throw new SluiceError(
      'LABEL_NO_POLICY',
      'expected a label policy to raise a label by, found none in the pipeline file',
    );
  }
  let all = label;
  for (const by of raised) {
    if (typeof by !== 'string')
      throw new SluiceError('LABEL_MALFORMED', `expected a text to raise a label by, found a ${typeof by}`);
    all = rules.raised(all, by);
  }
  return { ...message, label: all };
}

/** The failure of a function, with the label of all that it may tell of; or that of a raise that is none. */
export function failureOf(
  rules: LabelRules | undefined,
  message: Message,
  raised: readonly unknown[],
  failure: SluiceError,
): SluiceError {
  try {
    return failure.of(raisedMessage(rules, message, raised).label);
  } catch (thrown) {
    return asSluiceError(thrown);
  }
}
