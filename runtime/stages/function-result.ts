import { SluiceError } from '#contract/errors.ts';
import { type Message, withBody } from '#contract/message.ts';
import { Dropped, type StageResult } from '#contract/stage.ts';
import { type Emitted, isEmitted, RESULT } from '#contract/transform.ts';
import { networkCodeOf } from '#kit/network-failure.ts';
import type { ThrownPlace } from '#contract/stage-kind.ts';

/** The stage result for a function's return value. Throws a SluiceError if the value is no result, or is a refusal. */
export function toResult(name: string, message: Message, returned: unknown): StageResult {
  if (returned === undefined) {
    // Invariant 3: a forgotten return would acknowledge and lose the message.
    throw new SluiceError('TRANSFORM_NO_RETURN', `expected ${name} to return a body, found undefined`);
  }
  return isEmitted(returned) ? emitted(name, message, returned) : withBody(message, returned);
}

function emitted(name: string, message: Message, result: Emitted<unknown>): StageResult {
  if (result[RESULT] === 'drop') return new Dropped(result.reason);
  if (result[RESULT] === 'reject') {
    throw new SluiceError('TRANSFORM_REJECTED', `${name} refused it: ${result.reason}`);
  }
  const { bodies } = result;
  if (bodies.length === 0 || bodies.includes(undefined)) {
    throw new SluiceError(
      'TRANSFORM_NO_RETURN',
      `expected ${name} to emit bodies, found ${bodies.length === 0 ? 'none' : 'undefined'}`,
    );
  }
  return bodies.map((body, index) => withBody(message, body, `${message.id}.${index}`));
}

/** The failure of a message for a value that its function threw: of the function itself, or of the network that it needs. */
export function threw(name: string, thrown: unknown, { position, stack }: ThrownPlace): SluiceError {
  const text =
    thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : `something that is no Error (${typeof thrown})`;
  const network = networkCodeOf(thrown);
  const code = network === undefined ? 'TRANSFORM_THREW' : 'TRANSFORM_UNREACHABLE';
  const cause = network === undefined || text.includes(network) ? '' : ` (${network})`;
  return new SluiceError(code, `${name} threw ${text}${cause}`, {
    place: position === undefined ? {} : { position },
    cause: stack ?? thrown,
  });
}

export function late(name: string, timeoutMs: number): SluiceError {
  return new SluiceError(
    'TRANSFORM_TIMEOUT',
    `expected ${name} to finish within ${timeoutMs} ms, found it still running`,
  );
}
