import type { ErrorCode } from '#contract/errors.ts';
import { messageOf } from '#contract/errors.ts';

/** Reply code and text with which a server closes a channel or connection in AMQP. */
export interface CloseReason {
  /** Of AMQP: 403, 404, 406 and so on. */
  readonly code: number;
  /** Without the code's own name. */
  readonly text: string;
}

/** Undefined when the error is not one of the server. */
export function closeReason(thrown: unknown): CloseReason | undefined {
  const code: unknown = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  if (typeof code !== 'number') return undefined;
  const text = /with message "(?:[A-Z_]+ - )?([\s\S]*)"$/.exec(messageOf(thrown))?.[1];
  return { code, text: text ?? messageOf(thrown) };
}

const UNEQUAL =
  /^inequivalent arg '([^']+)' for (queue|exchange) '([^']*)' in vhost '[^']*': received (.+) but current is (.+)$/;

/** Error code and text with the remedy for a route; undefined for reasons that only report the end of a connection. */
export function meaningOf({ code, text }: CloseReason): readonly [ErrorCode, string] | undefined {
  const unequal = UNEQUAL.exec(text);
  if (unequal !== null) {
    const [, arg, kind, name, wanted, current] = unequal;
    return [
      'BUS_SETTING',
      `${kind} ${name} exists, but not as the route says: ${arg} is ${current}, the route wants ${wanted}; change the route, name another ${kind}, or delete that one`,
    ];
  }
  switch (code) {
    case 403:
      return /in exclusive use/.test(text)
        ? [
            'BUS_SETTING',
            `${text}: another consumer has it, maybe an earlier connection of ours that the server has not given up yet, or it has a single active consumer; stop the other one, or write shared: true`,
          ]
        : ['BUS_AUTH', `the server denies it: ${text}; grant it to our user`];
    case 404:
      // A stream has no leader for about a second after a restart.
      return /down or inaccessible/.test(text)
        ? ['BUS_UNREACHABLE', `${text}; it is not served now`]
        : ['BUS_MISSING', `${text}; create it, fix the name, or set create: true on the connection`];
    case 405:
      return ['BUS_SETTING', `${text}; it belongs to another connection`];
    case 406:
      return /timeout/i.test(text)
        ? ['BUS_SETTING', `${text}; a message was held longer than the server's consumer_timeout allows`]
        : ['BUS_SETTING', text];
    case 501:
    case 503:
    case 504:
    case 530:
    case 540:
      return ['BUS_PROTOCOL', text];
    default:
      return undefined;
  }
}
