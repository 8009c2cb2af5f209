import type { ErrorCode, SluiceError } from '#contract/errors.ts';
import { messageOf } from '#contract/errors.ts';
import { isTlsCode, tlsFailure, unreachable } from '../../support/socket-failure.ts';
import type { RabbitConnection } from '../options.ts';
import { errorAt, type Node, type Target } from './target.ts';

const TLS_ADVICE = {
  otherHost: 'check url, or set tls.serverName',
  noTls: 'check the scheme and port of url',
};

type Reason = readonly [ErrorCode, string];

/** The error of a failed attempt to connect to `node`; `thrown` is the error of the client or the socket. */
export function connectFailure(target: Target, node: Node, options: RabbitConnection, thrown: unknown): SluiceError {
  const [code, text] = reasonOf(node, options, thrown);
  return errorAt(target, code, `${node.shown}: ${text}`, thrown);
}

/** The error of an attempt without an answer for `ms`. */
export function tooSlow(target: Target, node: Node, ms: number): SluiceError {
  return errorAt(
    target,
    'BUS_UNREACHABLE',
    `${node.shown}: no answer for ${ms} ms; check url and that the server runs`,
  );
}

function reasonOf(node: Node, options: RabbitConnection, thrown: unknown): Reason {
  const message = messageOf(thrown);
  const code: unknown = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  if (typeof code === 'string' && isTlsCode(code)) return ['BUS_TLS', tlsFailure(code, TLS_ADVICE).join('; ')];
  if (message.startsWith('Handshake terminated by server: 403')) return ['BUS_AUTH', refusal(node, options)];
  if (message.startsWith('SASL mechanism')) return ['BUS_AUTH', mechanism(options)];
  // The client does not pass on the server's reason here.
  if (message.startsWith('Expected ConnectionOpenOk')) {
    return ['BUS_MISSING', 'the virtual host does not exist, or our user may not enter it; check the path of url'];
  }
  if (message.startsWith('Handshake terminated by server')) return ['BUS_PROTOCOL', message];
  if (message.startsWith('Socket closed abruptly') || code === 'ECONNRESET' || code === 'EPIPE') {
    const advice = 'check the scheme and port of url (TLS or not), and what the server logs';
    return ['BUS_UNREACHABLE', `the server closed the connection before it answered; ${advice}`];
  }
  if (typeof code === 'string')
    return ['BUS_UNREACHABLE', `${unreachable(code)} (${code}); check url and that the server runs`];
  return ['BUS_PROTOCOL', `what answers there does not speak AMQP 0-9-1 (${message}); check the port of url`];
}

function refusal(node: Node, options: RabbitConnection): string {
  if (options.external) return 'the server does not take the client certificate for a user; check tls.cert';
  if (options.username !== undefined) return 'the server refuses the identity; check username and password';
  if (node.username !== undefined) return 'the server refuses the identity; check the user name and password in url';
  return 'the server asks who we are, and lets guest in only from its own machine; give username and password';
}

function mechanism({ external }: RabbitConnection): string {
  return external
    ? 'the server does not offer EXTERNAL; enable its plugin rabbitmq_auth_mechanism_ssl and the mechanism'
    : 'the server does not offer PLAIN; write external: true with a client certificate, or enable PLAIN';
}
