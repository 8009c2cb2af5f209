import { asSluiceError, isStackOverflow } from '#contract/errors.ts';
import type { Envelope } from '../in-flight.ts';
import type { Policy } from '../route-parts.ts';
import { decode } from './codec-steps.ts';

/** The body of a delivery, decoded in a span of its own where something reads it. Throws as `decode` does. */
export function decodedBody(policy: Policy, { delivery, trace }: Pick<Envelope, 'delivery' | 'trace'>): unknown {
  const end =
    trace === undefined || policy.decoding === undefined
      ? undefined
      : trace.decode(policy.decoding(delivery.frame.contentType).name);
  if (end === undefined) return decode(policy, delivery.frame);
  try {
    const body = decode(policy, delivery.frame);
    end();
    return body;
  } catch (thrown) {
    end(isStackOverflow(thrown) ? undefined : asSluiceError(thrown));
    throw thrown;
  }
}
