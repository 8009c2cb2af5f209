import { type ErrorCode, SluiceError } from '#contract/errors.ts';

/** Reasons of a PUBACK (3.4.2.1) that refuse the message, and 0x95, which servers send although the table lacks it. */
const REFUSALS: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  0x80: ['SINK_FAILED', 'without a reason'],
  0x83: ['SINK_FAILED', 'for a reason of its own'],
  0x87: ['SINK_DENIED', 'not authorized to publish to this topic'],
  0x90: ['ADDRESS_INVALID', 'it does not take the topic name'],
  0x91: ['SINK_FAILED', 'packet identifier in use'],
  0x95: ['SINK_TOO_LARGE', 'the message is too large for it'],
  0x97: ['SINK_FAILED', 'a quota is used up'],
  0x99: ['SINK_REFUSED', 'the body is not in the format stated'],
};

/** The error of a PUBACK that refuses the message; undefined when it confirms it: reasons below 0x80 are success. */
export function pubackRefusal(reason: number, connection: string): SluiceError | undefined {
  if (reason < 0x80) return undefined;
  const [code, text] = REFUSALS[reason] ?? ['SINK_FAILED', 'for a reason unknown'];
  return new SluiceError(
    code,
    `${connection}: the server refused a publish, reason 0x${reason.toString(16)}: ${text}`,
    {
      place: { bus: connection },
    },
  );
}
