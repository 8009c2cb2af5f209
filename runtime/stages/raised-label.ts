import { asSluiceError, type ErrorCode, SluiceError, UNDETERMINED } from '#contract/errors.ts';
import type { LabelRules } from '#contract/label-rules.ts';
import type { Label, Message } from '#contract/message.ts';

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
    if (typeof by !== 'string') throw undetermined('LABEL_MALFORMED', `expected a text, found a ${typeof by}`);
    all = raisedBy(rules, all, by);
  }
  return { ...message, label: all };
}

/** As the rules do it. An error has no place of theirs: the fault is the function's, and no publisher's. */
function raisedBy(rules: LabelRules, label: Label, by: string): Label {
  try {
    return rules.raised(label, by);
  } catch (thrown) {
    const { code, message } = asSluiceError(thrown);
    throw undetermined(code, message);
  }
}

function undetermined(code: ErrorCode, message: string): SluiceError {
  return new SluiceError(code, `context.raise: ${message}`, { label: UNDETERMINED });
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
