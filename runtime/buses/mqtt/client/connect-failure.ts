import { type ErrorCode, SluiceError } from '#contract/errors.ts';
import { isTlsCode, tlsFailure, unreachable } from '../../support/socket-failure.ts';

/** The server and identity of a connection, as errors show them. */
export interface Target {
  /** The connection's name in the pipeline file. */
  readonly connection: string;
  /** The url without credentials. */
  readonly address: string;
  readonly protocol: '5' | '3.1.1';
  readonly clientId: string;
}

/** Codes of CONNACK: those of 3.1.1 (1 to 5) and of 5 (128 and up). */
const REFUSALS: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  1: ['BUS_PROTOCOL', 'does not speak this MQTT version: write protocol: "3.1.1"'],
  2: ['BUS_SETTING', 'does not take the client id: set clientId'],
  3: ['BUS_UNREACHABLE', 'says that it is unavailable'],
  4: ['BUS_AUTH', 'refuses the user name or password: check username and password'],
  5: ['BUS_AUTH', 'does not authorize this client: check username, password and tls.cert'],
  0x84: ['BUS_PROTOCOL', 'does not speak this MQTT version: write protocol: "3.1.1"'],
  0x85: ['BUS_SETTING', 'does not take the client id: set clientId'],
  0x86: ['BUS_AUTH', 'refuses the user name or password: check username and password'],
  0x87: ['BUS_AUTH', 'does not authorize this client: check username, password and tls.cert'],
  0x88: ['BUS_UNREACHABLE', 'says that it is unavailable'],
  0x89: ['BUS_UNREACHABLE', 'says that it is busy'],
  0x8a: ['BUS_AUTH', 'has banned this client'],
  0x8c: ['BUS_AUTH', 'wants another method of authentication than user name and password'],
  0x97: ['BUS_SETTING', 'says that a quota is used up'],
  0x9c: ['BUS_SETTING', 'wants another server to be used: change url'],
  0x9d: ['BUS_SETTING', 'has moved: change url'],
  0x9f: ['BUS_UNREACHABLE', 'limits how often clients connect'],
};

const TLS_ADVICE = {
  otherHost: 'check url, or set tls.serverName',
  noTls: 'check the scheme and port of url',
};

/** The error of a failed attempt to connect; `failure` is the error of the client or socket, if there was one. */
export function connectFailure(target: Target, failure: Error | undefined): SluiceError {
  const code: unknown = failure === undefined || !('code' in failure) ? undefined : failure.code;
  if (typeof code === 'number') {
    const [known, text] = REFUSALS[code] ?? [
      'BUS_PROTOCOL',
      `refuses the connection with reason 0x${code.toString(16)}`,
    ];
    return problem(
      target,
      known,
      `the server ${text} (protocol "${target.protocol}", client id ${target.clientId})`,
      failure,
    );
  }
  if (failure === undefined || code === 'ECONNRESET' || code === 'EPIPE') {
    const advice = 'check the scheme and port of url (TLS or not) and protocol ("5" or "3.1.1")';
    return problem(
      target,
      'BUS_UNREACHABLE',
      `the server closed the connection before it answered: ${advice}`,
      failure,
    );
  }
  if (typeof code === 'string') {
    if (isTlsCode(code)) return problem(target, 'BUS_TLS', tlsFailure(code, TLS_ADVICE).join(': '), failure);
    return problem(
      target,
      'BUS_UNREACHABLE',
      `${unreachable(code)} (${code}): check url and that the server runs`,
      failure,
    );
  }
  if (failure.message === 'connack timeout') return tooSlow(target, 'within connectTimeout');
  return problem(target, 'BUS_PROTOCOL', 'what answers there does not speak MQTT: check the port of url', failure);
}

/** The error of a connection that the server accepted and ended before it granted the subscription. */
export function connectionLost(target: Target, failure: Error | undefined, reason: number | undefined): SluiceError {
  if (failure !== undefined)
    return problem(target, 'BUS_UNREACHABLE', `the connection was cut: ${failure.message}`, failure);
  const said = reason === undefined ? 'without a reason' : `reason 0x${reason.toString(16)}`;
  const text = `the server ended the connection instead of granting the subscription (${said}): check topics, shared and the permissions of this client`;
  return problem(target, reason === undefined || reason === 0x87 ? 'BUS_AUTH' : 'BUS_SETTING', text, undefined);
}

/** The error of an attempt without an answer so far. */
export function tooSlow(target: Target, howLong: string): SluiceError {
  return problem(target, 'BUS_UNREACHABLE', `no answer ${howLong}: check url and that the server runs`, undefined);
}

/** An error with connection and address of `target`. */
export function problem(target: Target, code: ErrorCode, text: string, cause: Error | undefined): SluiceError {
  return new SluiceError(code, `${target.connection} (${target.address}): ${text}`, {
    place: { bus: target.connection },
    cause,
  });
}
