import type { Bus } from '#contract/bus.ts';
import type { Broker } from '../harness/broker.ts';
import { FRAMES } from '../harness/frames.ts';
import { type Link, startLink } from '../harness/link.ts';
import type { Promises } from './conformance-test.ts';
import { type Fixture, type Path, withDefaults } from './fixture.ts';

/** A bus and the options under which it is judged, but for the url. Defaults are filled in from its schemas. */
export interface Judged<Connection, From, To> {
  readonly bus: Bus<Connection, From, To>;
  readonly connection: (url: string) => Connection;
  readonly from: From;
  readonly to: To;
}

/** Options as a pipeline file would give them: what is missing has a default. */
export function judged<Connection extends object, From extends object, To extends object>(
  bus: Bus<Connection, From, To>,
  given: { readonly connection?: Partial<Connection>; readonly from: Partial<From>; readonly to: Partial<To> },
): Judged<Connection, From, To> {
  return {
    bus,
    connection: (url) => withDefaults(bus.connectionSchema, { ...given.connection, url }) as Connection,
    from: withDefaults(bus.sourceSchema, given.from) as From,
    to: withDefaults(bus.sinkSchema, given.to) as To,
  };
}

export function promisesOf<C, F, T>({ bus, connection, from, to }: Judged<C, F, T>): Promises {
  const any = connection(`${bus.name}://127.0.0.1:1`);
  return {
    source: bus.sourceGuarantees({ connection: any, end: from }),
    sink: bus.sinkGuarantees({ connection: any, end: to }),
  };
}

function pathOver(link: Link): Path {
  return {
    cut: () => link.cut(),
    mend: () => link.mend(),
    hush: () => link.blackhole(),
    delayMs: (ms) => link.delayMs(ms),
    attempts: () => link.accepted,
  };
}

/** What this kind of server needs done otherwise, or can do beside. */
export type Around = Pick<
  Fixture,
  'address' | 'sendDeadlineMs' | 'refusals' | 'revoke' | 'grant' | 'fill' | 'relieve' | 'reaches'
> & {
  readonly beforeKill?: () => Promise<void>;
  /** The server takes `password` instead, and throws out who came with another one. */
  readonly changePassword: (password: string) => Promise<void>;
};

/** What `changePassword` is called with. */
const NEW_PASSWORD = 'renewed';

/** Both ends behind links of their own to one server. */
export async function serverFixture<C, F, T>(
  judgedBy: Judged<C, F, T>,
  server: Broker,
  around: Around,
): Promise<Fixture> {
  const { bus, connection, from, to } = judgedBy;
  const frames = FRAMES[new URL(server.url).protocol];
  const [sourceLink, sinkLink] = await Promise.all([
    startLink(server.port, undefined, { frames }),
    startLink(server.port),
  ]);
  const over = (link: Link): C => connection(`${new URL(server.url).protocol}//${link.host}:${link.port}`);
  let inFile = {};
  const options = (link: Link) => ({ connection: over(link), reread: () => ({ ...over(link), ...inFile }) });
  return {
    ...around,
    ...promisesOf(judgedBy),
    grammar: bus.grammar,
    pause: () => server.pause(),
    resume: () => server.resume(),
    sourcePath: {
      ...pathOver(sourceLink),
      ...(frames !== undefined && { heartbeatsOnly: () => sourceLink.heartbeatsOnly() }),
    },
    sinkPath: pathOver(sinkLink),
    patienceMs: 60_000,
    openSource: (context) => bus.openSource({ ...options(sourceLink), end: from }, context),
    openSink: (context) => bus.openSink({ ...options(sinkLink), end: to }, context),
    changeSecret: () => around.changePassword(NEW_PASSWORD),
    renewFile() {
      inFile = { password: NEW_PASSWORD };
    },
    async kill() {
      if (around.beforeKill !== undefined) {
        // What it confirms after it has saved would be lost: so first nobody hears it any more.
        await Promise.all([sourceLink.cut(), sinkLink.cut()]);
        await around.beforeKill();
      }
      await server.kill();
    },
    async restart() {
      await server.restart();
      await Promise.all([sourceLink.mend(), sinkLink.mend()]);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([sourceLink[Symbol.asyncDispose](), sinkLink[Symbol.asyncDispose]()]);
      await server[Symbol.asyncDispose]();
    },
  };
}
