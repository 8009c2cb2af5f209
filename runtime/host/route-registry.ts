import { SluiceError } from '#contract/errors.ts';
import type { Log } from '#contract/log.ts';
import type { CodecSchemaFile, SchemaCodec } from '#contract/schema-codec.ts';
import type { Source } from '#contract/source.ts';
import { asMap, own, type PlainMap } from '#kit/json-value.ts';
import { shownRegistry } from '../codecs/confluent/registry/request.ts';
import type { SchemaIds } from '../codecs/confluent/wire-format.ts';
import type { RouteSpec } from '../project/pipeline-spec.ts';
import { defaultSubject } from '../project/fields/default-subject.ts';
import { SchemaCache } from '../store/schema-cache.ts';
import type { Health } from '../telemetry/health.ts';
import { RegistryIds } from './registry-ids.ts';
import { registrySource } from './registry-source.ts';

const TIMEOUT_MS = 10_000;
const MOST_BYTES = 1024 ** 2;

export interface RouteRegistrySettings {
  readonly route: string;
  readonly stateFolder: string;
  readonly log: Log;
  readonly health: Pick<Health, 'set'>;
  /** A trouble while the route opens. */
  readonly onProblem: (error: SluiceError) => void;
}

/** One use of a codec whose schemas are in a registry. */
export interface RegistryUse {
  readonly confluent: unknown;
  readonly inner: SchemaCodec;
  readonly schema: CodecSchemaFile;
  readonly local: SchemaIds;
  /** Whether the source's bodies are read by it. */
  readonly reads: boolean;
  /** The first sink that is written by it. */
  readonly to: RouteSpec['to'] | undefined;
}

/** The schema registries of one route. Only pipelines that name one load this code. */
export interface RouteRegistry {
  idsOf(use: RegistryUse): SchemaIds;
  /** Looks up the ids of what the sinks write. Rejects with SCHEMA_NOT_REGISTERED, or when `signal` aborts. */
  open(signal: AbortSignal): Promise<void>;
  /** The source, waiting for schemas where the route reads bodies by a registry. */
  source(source: Source): Source;
}

export type OpenRouteRegistry = (settings: RouteRegistrySettings) => RouteRegistry;

export const openRouteRegistry: OpenRouteRegistry = (settings) => {
  const all: RegistryIds[] = [];
  let reading: RegistryIds | undefined;
  const { route, log, health, stateFolder } = settings;
  const reporters = new Map<string, ReturnType<typeof troubleReporter>>();
  const reporterOf = (url: string): ReturnType<typeof troubleReporter> => {
    const reporter = reporters.get(url) ?? troubleReporter(settings, url);
    reporters.set(url, reporter);
    return reporter;
  };
  return {
    idsOf({ confluent, inner, schema, local, reads, to }) {
      const words = asMap(confluent);
      const url = String(own(words, 'registry')).replace(/\/+$/, '');
      const authorization = authorizationOf(words);
      const made = new RegistryIds({
        access: { url, authorization, timeoutMs: TIMEOUT_MS, mostBytes: MOST_BYTES },
        cache: new SchemaCache(stateFolder, url),
        local,
        inner,
        schema,
        subject: to === undefined || local.own !== undefined ? undefined : subjectOf(words, inner, to),
        log,
        route,
        onTrouble: reporterOf(url),
      });
      all.push(made);
      if (reads) reading = made;
      return made;
    },
    async open(signal) {
      await Promise.all(all.map((ids) => ids.openOwn(signal)));
      signal.throwIfAborted();
      for (const url of reporters.keys()) health.set(healthName(route, url), true);
    },
    source(source) {
      if (reading === undefined) return source;
      return registrySource(source, reading, (messages) => {
        const text = `${messages} messages waited for the schema registry: they are not settled, and come again where the source delivers again`;
        log.warn('schema-registry-unsettled', { route, messages, text });
      });
    },
  };
};

function subjectOf(words: PlainMap, inner: SchemaCodec, { address }: RouteSpec['to']): string {
  if (inner.name === 'protobuf')
    throw new SluiceError('SCHEMA_NOT_REGISTERED', 'expected the id of the schema of protobuf in ids, found none');
  const subject = own(words, 'subject') ?? defaultSubject(address);
  if (typeof subject === 'string') return subject;
  const found = 'an address that depends on the message, and so names none';
  throw new SluiceError('SCHEMA_NOT_REGISTERED', `expected subject beside registry, found ${found}`);
}

function authorizationOf(words: PlainMap): string | undefined {
  const [username, password, token] = ['username', 'password', 'token'].map((word) => own(words, word));
  if (typeof token === 'string') return `Bearer ${token}`;
  if (typeof username !== 'string' || typeof password !== 'string') return undefined;
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function healthName(route: string, url: string): string {
  return `${route} schema registry ${shownRegistry(url)}`;
}

/** One line when the registry fails, or fails in another way, and one when it answers again. */
function troubleReporter(
  { route, log, health, onProblem }: RouteRegistrySettings,
  url: string,
): (trouble: SluiceError | undefined) => void {
  const name = healthName(route, url);
  // Until the ids of what is written are known.
  health.set(name, false);
  let told: string | undefined;
  return (trouble) => {
    if (trouble?.message === told) return;
    told = trouble?.message;
    health.set(name, trouble === undefined, trouble?.message, trouble?.remedy);
    if (trouble === undefined) return log.info('schema-registry-up', { route, registry: shownRegistry(url) });
    log.error('schema-registry-down', { route, code: trouble.code, text: `${trouble.message}. ${trouble.remedy}` });
    onProblem(trouble);
  };
}
