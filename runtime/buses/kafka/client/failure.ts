import errors from 'kafkajs/src/protocol/error.js';
import type { ErrorCode } from '#contract/errors.ts';
import { isTlsCode, tlsFailure } from '../../support/socket-failure.ts';
import { KafkaError } from '../kafka-error.ts';
import { NO_ANSWER } from './request-deadline.ts';

/** An error of kafkajs or of a server in the bridge's words. */
interface Failure {
  readonly code: ErrorCode;
  readonly text: string;
  /** Kafka's own name of the error, where it has one. */
  readonly type: string | undefined;
}

const BY_TYPE: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  SASL_AUTHENTICATION_FAILED: ['BUS_AUTH', 'the server refuses user name, password or token: check sasl'],
  UNSUPPORTED_SASL_MECHANISM: [
    'BUS_AUTH',
    'the server does not offer this mechanism there: check sasl.mechanism and the port',
  ],
  ILLEGAL_SASL_STATE: ['BUS_AUTH', 'the server wants no such authentication there: check sasl and the port'],
  TOPIC_AUTHORIZATION_FAILED: ['BUS_AUTH', 'the server denies this topic: grant DESCRIBE and READ or WRITE'],
  GROUP_AUTHORIZATION_FAILED: ['BUS_AUTH', 'the server denies this group: grant READ on it, or set group'],
  CLUSTER_AUTHORIZATION_FAILED: ['BUS_AUTH', 'the server denies this: grant CREATE on the topic or the cluster'],
  UNKNOWN_TOPIC_OR_PARTITION: ['BUS_MISSING', 'no such topic'],
  INVALID_TOPIC_EXCEPTION: ['BUS_MISSING', 'the server takes no topic of that name'],
  INVALID_SESSION_TIMEOUT: [
    'BUS_SETTING',
    'the server takes no such sessionTimeout: it must lie within its group.min.session.timeout.ms and group.max.session.timeout.ms',
  ],
  INCONSISTENT_GROUP_PROTOCOL: [
    'BUS_SETTING',
    'the group has members that divide partitions otherwise: name another group',
  ],
  GROUP_MAX_SIZE_REACHED: ['BUS_SETTING', "the group has as many members as the server's group.max.size allows"],
  FENCED_INSTANCE_ID: ['BUS_SETTING', 'another process joined the group under the same instance: give each its own'],
  INVALID_GROUP_ID: ['BUS_SETTING', 'the server takes no group of that name'],
  UNSUPPORTED_VERSION: [
    'BUS_PROTOCOL',
    'the server speaks no version of the protocol that the bridge speaks: it must be Kafka 2.4 or later',
  ],
  POLICY_VIOLATION: ['BUS_SETTING', "the server's policy stands against it"],
  INVALID_REPLICATION_FACTOR: ['BUS_SETTING', 'the cluster has fewer servers than default.replication.factor asks for'],
};

const TLS_ADVICE = {
  otherHost: 'check brokers and what the servers announce, or set tls.serverName',
  noTls: 'check the port, or leave tls out',
};

/** Translates whatever kafkajs threw. */
export function kafkaErrorOf(thrown: unknown): KafkaError {
  if (thrown instanceof KafkaError) return thrown;
  const { code, text, type } = failureOf(thrown);
  return new KafkaError(code, text, {
    type,
    isTimeout: isTimeout(thrown),
    memberId: textProperty(thrown, 'memberId'),
    cause: thrown,
  });
}

/** Rejects with a KafkaError. */
export async function translated<T>(asking: Promise<T>): Promise<T> {
  try {
    return await asking;
  } catch (thrown) {
    throw kafkaErrorOf(thrown);
  }
}

/** The error that an error code of the protocol stands for; undefined for 0. */
export function errorIn(errorCode: number): KafkaError | undefined {
  return errorCode === 0 ? undefined : errorOfCode(errorCode);
}

export function errorOfCode(errorCode: number, about = ''): KafkaError {
  const cause = errors.createErrorFromCode(errorCode);
  const { code, text, type } = failureOf(cause);
  return new KafkaError(code, about === '' ? text : `${about}: ${text}`, { type, cause });
}

/** Reads the innermost error: kafkajs wraps its errors in others. */
function failureOf(thrown: unknown): Failure {
  const error = innermost(thrown);
  const type = textProperty(error, 'type');
  const known = type === undefined ? undefined : BY_TYPE[type];
  if (known !== undefined) return { code: known[0], text: known[1], type };
  const name = textProperty(error, 'name') ?? '';
  const code = textProperty(error, 'code') ?? '';
  if (name === 'KafkaJSSASLAuthenticationError') {
    return { code: 'BUS_AUTH', text: 'the server refuses user name, password or token: check sasl', type };
  }
  if (name === 'KafkaJSServerDoesNotSupportApiKey') {
    const [protocol, text] = BY_TYPE['UNSUPPORTED_VERSION'] ?? ['BUS_PROTOCOL', ''];
    return { code: protocol, text, type };
  }
  if (textProperty(error, 'syscall') === 'open') {
    return { code: 'BUS_AUTH', text: `sasl.tokenFile cannot be read (${code})`, type };
  }
  if (isTlsCode(code)) return { code: 'BUS_TLS', text: tlsFailure(code, TLS_ADVICE).join(': '), type };
  if (type !== undefined) return { code: 'BUS_UNREACHABLE', text: `the server is not ready (${type})`, type };
  if (code === NO_ANSWER) return { code: 'BUS_UNREACHABLE', text: textProperty(error, 'message') ?? code, type };
  // Servers announce their addresses, which may differ from those in `brokers`.
  const at = textProperty(error, 'broker');
  const text = unreachable(name, code);
  return { code: 'BUS_UNREACHABLE', text: at === undefined ? text : `${at}: ${text}`, type };
}

function isTimeout(thrown: unknown): boolean {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if (textProperty(error, 'code') === NO_ANSWER) return true;
  }
  return false;
}

function innermost(thrown: unknown): unknown {
  let error = thrown;
  for (;;) {
    const inner = propertyOf(error, 'cause') ?? propertyOf(propertyOf(error, 'errors'), '0');
    if (inner === undefined || inner === null) return error;
    error = inner;
  }
}

function textProperty(whole: unknown, name: string): string | undefined {
  const value = propertyOf(whole, name);
  return typeof value === 'string' ? value : undefined;
}

function propertyOf(whole: unknown, name: string): unknown {
  return typeof whole === 'object' && whole !== null ? Reflect.get(whole, name) : undefined;
}

function unreachable(name: string, code: string): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `the host name is not known (${code}): check brokers`;
  if (code === 'ECONNREFUSED') return `the connection is refused (${code}): check brokers and that the server runs`;
  if (name === 'KafkaJSConnectionClosedError' || code === 'ECONNRESET' || code === 'EPIPE') {
    return 'the server closed the connection: check the port, tls and sasl (a port for TLS or SASL closes what speaks neither)';
  }
  return `the server cannot be reached${code === '' ? '' : ` (${code})`}: check brokers, what the servers announce (advertised.listeners) and that they run`;
}
