import type { Connection, ProtocolRequest } from 'kafkajs/src/cluster/index.js';
import errors from 'kafkajs/src/errors.js';
import type { BrokerHealth } from './broker-health.ts';

/** The deadline of a request that has none of its own. */
export const ANSWER_MS = 10_000;
/** kafkajs's own deadline forgets the request and keeps the dead connection: it is set out of reach. */
const NEVER_MS = 2 ** 31 - 1;
/** The code of the error with which a request ends that has missed its deadline. */
export const NO_ANSWER = 'NO_ANSWER';
/** A large answer over a slow path takes long; only a time without any byte shows that the path is dead. */
const TIMED_BY_SILENCE = 'Fetch';
/** The coordinator answers these once the other members have sent theirs. */
const WAITS_FOR_MEMBERS = new Set(['JoinGroup', 'SyncGroup']);
/** Names of requests in which kafkajs differs from the protocol. */
const PROTOCOL_NAMES: Readonly<Record<string, string>> = { GroupCoordinator: 'FindCoordinator' };

/** A request that waits for its answer. */
interface OpenRequest {
  fail(error: Error): void;
}

/**
 * Ends a connection on which a request misses its deadline, and fails every open request of a connection that has ended.
 * kafkajs alone would use the dead connection for ever, and a request that it sends while a connection ends would never
 * settle. Calls `renewed` with the reason.
 */
export function enforceDeadlines(
  connection: Connection,
  health: BrokerHealth,
  renewed: (reason: string) => void,
): void {
  const { host, port } = connection;
  const broker = `${host}:${port}`;
  const open = new Map<Connection['socket'], Set<OpenRequest>>();

  const openOn = (socket: NonNullable<Connection['socket']>): Set<OpenRequest> => {
    const known = open.get(socket);
    if (known !== undefined) return known;
    const fresh = new Set<OpenRequest>();
    open.set(socket, fresh);
    socket.once('close', () => {
      open.delete(socket);
      for (const one of fresh) one.fail(failed(broker, 'the connection was closed', 'ECONNRESET'));
    });
    return fresh;
  };

  const send = connection.send.bind(connection);
  connection.send = async <Answer>(message: ProtocolRequest<Answer>): Promise<Answer> => {
    const { socket } = connection;
    const limitMs = message.requestTimeout ?? ANSWER_MS;
    const { apiName } = message.request;
    if (socket === undefined || socket.destroyed) throw failed(broker, 'the connection was closed', 'ECONNRESET');
    const all = openOn(socket);
    const late = Promise.withResolvers<never>();
    const one: OpenRequest = { fail: late.reject };
    all.add(one);
    let bytesRead = socket.bytesRead;
    let timer: NodeJS.Timeout | undefined;
    const arm = (ms: number): void => {
      timer = setTimeout(look, ms);
    };
    const look = (): void => {
      // A throttling server delays the sending itself.
      const throttledMs = connection.requestQueue.throttledUntil - Date.now() + limitMs;
      if (throttledMs > 0) return arm(throttledMs);
      const hasBytes = apiName === TIMED_BY_SILENCE && socket.bytesRead > bytesRead;
      bytesRead = socket.bytesRead;
      if (hasBytes) return arm(limitMs);
      const reason = `${broker} has not answered ${PROTOCOL_NAMES[apiName] ?? apiName} within ${limitMs} ms`;
      const error = failed(broker, reason, NO_ANSWER);
      health.timedOut(broker);
      one.fail(error);
      renewed(reason);
      socket.destroy(error);
    };
    arm(limitMs);
    const ended = WAITS_FOR_MEMBERS.has(apiName) ? undefined : health.sent(broker);
    try {
      const answer = await Promise.race([send({ ...message, requestTimeout: NEVER_MS }), late.promise]);
      health.answered(broker);
      return answer;
    } finally {
      ended?.();
      clearTimeout(timer);
      all.delete(one);
    }
  };
}

/** For a connection that is ended because another server has taken over. */
export function replacedError(reason: string): Error {
  return Object.assign(new Error(reason), { code: NO_ANSWER });
}

/** Of the class upon which kafkajs tries the next server of its list. */
function failed(broker: string, reason: string, code: string): Error {
  return new errors.KafkaJSConnectionError(reason, { broker, code });
}
