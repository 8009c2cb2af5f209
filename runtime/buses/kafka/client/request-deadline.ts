import type { Connection, Exchange } from 'kafkajs/src/cluster/index.js';
import errors from 'kafkajs/src/errors.js';
import type { ServerHealth } from './broker-health.ts';

/** Requests that name no time of their own are answered by then. */
export const ANSWER_MS = 10_000;
/** The client's own deadlines only forget the request and keep the dead connection: they never end. */
const NEVER_MS = 2 ** 31 - 1;
/** The code of the error with which an overdue request ends. */
export const NO_ANSWER = 'NO_ANSWER';
/** A large answer over a slow path takes long; what shows that the path is dead is that no byte comes. */
const ENDS_ONLY_IN_SILENCE = 'Fetch';
/** Answered when others of the group have done their part. */
const WAITS_FOR_OTHERS = new Set(['JoinGroup', 'SyncGroup']);
/** What the client calls otherwise than the protocol does. */
const OTHERWISE: Readonly<Record<string, string>> = { GroupCoordinator: 'FindCoordinator' };

/** A request that waits for its answer. */
interface Owed {
  fail(error: Error): void;
}

/**
 * Ends a connection on which an answer is overdue, and fails everything that waits for an answer of a connection that has
 * ended. The client alone would go on asking over it for ever; and what it sends while a connection ends would never settle.
 * Calls `renewed` with the reason.
 */
export function endWhenOverdue(connection: Connection, health: ServerHealth, renewed: (reason: string) => void): void {
  const { host, port } = connection;
  const broker = `${host}:${port}`;
  const owed = new Map<Connection['socket'], Set<Owed>>();

  const owedOn = (socket: NonNullable<Connection['socket']>): Set<Owed> => {
    const known = owed.get(socket);
    if (known !== undefined) return known;
    const fresh = new Set<Owed>();
    owed.set(socket, fresh);
    socket.once('close', () => {
      owed.delete(socket);
      for (const one of fresh) one.fail(failed(broker, 'the connection was closed', 'ECONNRESET'));
    });
    return fresh;
  };

  const send = connection.send.bind(connection);
  connection.send = async <Answer>(exchange: Exchange<Answer>): Promise<Answer> => {
    const { socket } = connection;
    const limitMs = exchange.requestTimeout ?? ANSWER_MS;
    const { apiName } = exchange.request;
    if (socket === undefined || socket.destroyed) throw failed(broker, 'the connection was closed', 'ECONNRESET');
    const all = owedOn(socket);
    const late = Promise.withResolvers<never>();
    const one: Owed = { fail: late.reject };
    all.add(one);
    let heard = socket.bytesRead;
    let timer: NodeJS.Timeout | undefined;
    const arm = (ms: number): void => {
      timer = setTimeout(look, ms);
    };
    const look = (): void => {
      // A server that has too much to do asks us to wait before we ask.
      const throttledMs = connection.requestQueue.throttledUntil - Date.now() + limitMs;
      if (throttledMs > 0) return arm(throttledMs);
      const isHeard = apiName === ENDS_ONLY_IN_SILENCE && socket.bytesRead > heard;
      heard = socket.bytesRead;
      if (isHeard) return arm(limitMs);
      const reason = `${broker} has not answered ${OTHERWISE[apiName] ?? apiName} within ${limitMs} ms`;
      const error = failed(broker, reason, NO_ANSWER);
      health.overdue(broker);
      one.fail(error);
      renewed(reason);
      socket.destroy(error);
    };
    arm(limitMs);
    const ended = WAITS_FOR_OTHERS.has(apiName) ? undefined : health.asked(broker);
    try {
      const answer = await Promise.race([send({ ...exchange, requestTimeout: NEVER_MS }), late.promise]);
      health.answered(broker);
      return answer;
    } finally {
      ended?.();
      clearTimeout(timer);
      all.delete(one);
    }
  };
}

/** For a connection that is ended because another server is to be asked now. */
export function givenUp(reason: string): Error {
  return Object.assign(new Error(reason), { code: NO_ANSWER });
}

/** Of the kind that makes the client try the next server of its list. */
function failed(broker: string, reason: string, code: string): Error {
  return new errors.KafkaJSConnectionError(reason, { broker, code });
}

/** Whether a request failed because its answer did not come in time. */
export function isOverdue(thrown: unknown): boolean {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    if (Reflect.get(error, 'code') === NO_ANSWER) return true;
  }
  return false;
}
