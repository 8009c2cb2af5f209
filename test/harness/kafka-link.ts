import { connect, createServer, type Socket } from 'node:net';
import { freePorts } from './free-ports.ts';

/** Numbers of Kafka's requests, by the protocol's names. */
export const KAFKA_APIS = {
  Produce: 0,
  Fetch: 1,
  ListOffsets: 2,
  Metadata: 3,
  OffsetCommit: 8,
  OffsetFetch: 9,
  FindCoordinator: 10,
  JoinGroup: 11,
  Heartbeat: 12,
  LeaveGroup: 13,
  SyncGroup: 14,
  SaslHandshake: 17,
  ApiVersions: 18,
  DescribeConfigs: 32,
  SaslAuthenticate: 36,
} as const;

export type KafkaApi = keyof typeof KAFKA_APIS;

/** A path to a Kafka listener that knows which request each answer belongs to. Its port must be the advertised one. */
export interface KafkaLink extends AsyncDisposable {
  readonly port: number;
  /** How many connections were made over it so far. */
  readonly accepted: number;
  /** Resets every connection; new ones are accepted. */
  reset(): void;
  /**
   * The next answer to such a request breaks off after so many bytes, at the latest before its last one, and its connection
   * with it: `end` closes, `reset` resets. Resolves when that has happened.
   */
  cutAnswer(api: KafkaApi, bytes: number, how: 'end' | 'reset'): Promise<void>;
  /** From now on the server gets every request, and answers to such requests do not pass. */
  swallow(apis: readonly KafkaApi[]): void;
  /** Connections are accepted and stay, and no answer passes at all. */
  swallowAll(): void;
  /** From now on such requests do not reach the server. */
  withhold(apis: readonly KafkaApi[]): void;
  /** How many requests were withheld so far. */
  readonly withheld: number;
  /** Requests and answers pass again. Those that were withheld or swallowed do not come. */
  pass(): void;
  /** How many answers were swallowed so far. */
  readonly swallowed: number;
}

const SIZE_BYTES = 4;
/** The client reads what came before the reset, or loses it with the reset. */
const RESET_AFTER_MS = 50;

interface Cut {
  readonly key: number;
  readonly bytes: number;
  readonly how: 'end' | 'reset';
  readonly done: () => void;
}

/** Calls `take` with every whole message of the stream, its size included. */
function messages(from: Socket, take: (message: Buffer) => void): void {
  let chunks: Buffer[] = [];
  let have = 0;
  let need = SIZE_BYTES;
  from.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    have += chunk.length;
    while (have >= need) {
      const all = chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks);
      chunks = [all];
      need = SIZE_BYTES + all.readInt32BE(0);
      if (have < need) return;
      const rest = all.subarray(need);
      take(all.subarray(0, need));
      chunks = rest.length === 0 ? [] : [rest];
      have = rest.length;
      need = SIZE_BYTES;
    }
  });
}

/** A proxy of the test's own in front of a Kafka listener. */
export async function startKafkaLink(targetPort: number): Promise<KafkaLink> {
  const cuts: Cut[] = [];
  const pairs = new Set<() => void>();
  let isSwallowed = (_key: number): boolean => false;
  let swallowed = 0;
  let isWithheld = (_key: number): boolean => false;
  let withheld = 0;
  let accepted = 0;

  const join = (near: Socket): void => {
    accepted += 1;
    const far = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
    const asked = new Map<number, number>();
    const end = (): void => {
      pairs.delete(end);
      for (const socket of [near, far]) if (!socket.destroyed) socket.resetAndDestroy();
    };
    pairs.add(end);
    for (const socket of [near, far]) socket.on('error', end).on('close', end);
    let isCut = false;
    messages(near, (request) => {
      const key = request.readInt16BE(SIZE_BYTES);
      if (isWithheld(key)) {
        withheld += 1;
        return;
      }
      asked.set(request.readInt32BE(8), key);
      if (!isCut) far.write(request);
    });
    messages(far, (answer) => {
      if (isCut) return;
      const id = answer.readInt32BE(SIZE_BYTES);
      const key = asked.get(id) ?? -1;
      asked.delete(id);
      const at = cuts.findIndex((cut) => cut.key === key);
      const [cut] = at < 0 ? [] : cuts.splice(at, 1);
      if (cut !== undefined) {
        isCut = true;
        near.write(answer.subarray(0, Math.min(cut.bytes, answer.length - 1)), () => {
          if (cut.how === 'end') near.end();
          else setTimeout(end, RESET_AFTER_MS);
          far.destroy();
          cut.done();
        });
      } else if (isSwallowed(key)) swallowed += 1;
      else near.write(answer);
    });
  };

  const server = createServer({ noDelay: true }, join);
  const [port = 0] = await freePorts(1);
  await new Promise<void>((resolve, fail) => {
    server.once('error', fail);
    server.listen(port, '127.0.0.1', () => resolve());
  });
  const reset = (): void => {
    for (const end of pairs) end();
  };
  return {
    port,
    get accepted() {
      return accepted;
    },
    get swallowed() {
      return swallowed;
    },
    get withheld() {
      return withheld;
    },
    reset,
    cutAnswer(api, bytes, how) {
      const { promise, resolve } = Promise.withResolvers<void>();
      cuts.push({ key: KAFKA_APIS[api], bytes, how, done: resolve });
      return promise;
    },
    swallow(apis) {
      const keys = new Set<number>(apis.map((api) => KAFKA_APIS[api]));
      isSwallowed = (key) => keys.has(key);
    },
    swallowAll() {
      isSwallowed = () => true;
    },
    withhold(apis) {
      const keys = new Set<number>(apis.map((api) => KAFKA_APIS[api]));
      isWithheld = (key) => keys.has(key);
    },
    pass() {
      isWithheld = () => false;
      isSwallowed = () => false;
    },
    async [Symbol.asyncDispose]() {
      reset();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
