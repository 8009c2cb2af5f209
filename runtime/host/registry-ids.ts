import { asSluiceError, messageOf, SluiceError } from '#contract/errors.ts';
import type { Log } from '#contract/log.ts';
import type { CodecSchemaFile, SchemaCodec } from '#contract/schema-codec.ts';
import { backoffMs } from '#kit/backoff.ts';
import { pause } from '#kit/deadline.ts';
import { asList, asMap, own } from '#kit/json-value.ts';
import { shortened } from '#kit/shortened.ts';
import { type Found, idOfSchema, type RegisteredSchema, schemaOfId } from '../codecs/confluent/registry/client.ts';
import { type RegistryAccess, shownRegistry } from '../codecs/confluent/registry/request.ts';
import type { SchemaIds, WriterCodec } from '../codecs/confluent/wire-format.ts';
import { digest, type SchemaCache } from '../store/schema-cache.ts';

const BACKOFF = { firstMs: 100, capMs: 10_000 };
/** A registry of several servers may not know on each of them yet what one of them has just registered. */
const ASK_AGAIN_MS = 250;
/** A schema may be registered later. */
const MISSING_FOR_MS = 5000;
const MOST_MISSING = 10_000;
const AT_ONCE = 8;
const MOST_SHOWN = 300;

/** The name of a codec -> the type of its schemas in a registry. */
const TYPES: Readonly<Record<string, string>> = { avro: 'AVRO', json: 'JSON', protobuf: 'PROTOBUF' };

export interface RegistryIdsSettings {
  readonly access: RegistryAccess;
  readonly cache: SchemaCache;
  /** What the pipeline file states: no registry is asked for these. */
  readonly local: SchemaIds;
  readonly inner: SchemaCodec;
  /** The route's own. */
  readonly schema: CodecSchemaFile;
  /** Where its id is looked up; undefined where nothing is written by it, or the file states the id. */
  readonly subject: string | undefined;
  readonly log: Log;
  readonly route: string;
  /** The registry does not answer, or does so again. */
  readonly onTrouble: (trouble: SluiceError | undefined) => void;
}

/** The ids of a registry. What a route reads must be resolved before its codec sees it. */
export class RegistryIds implements SchemaIds {
  readonly #settings: RegistryIdsSettings;
  readonly #readers = new Map<number, WriterCodec>();
  /** By id, until when the registry is not asked again. */
  readonly #missing = new Map<number, number>();
  #own: number | undefined;

  constructor(settings: RegistryIdsSettings) {
    this.#settings = settings;
    this.#own = settings.local.own;
  }

  readerOf(id: number): WriterCodec | undefined {
    return this.#settings.local.readerOf(id) ?? this.#readers.get(id);
  }

  get own(): number | undefined {
    return this.#own;
  }

  /** `asksAgain`: what was missing a moment ago too. */
  needs(id: number, asksAgain: boolean): boolean {
    if (this.readerOf(id) !== undefined) return false;
    return asksAgain || (this.#missing.get(id) ?? 0) <= performance.now();
  }

  /** Asks until the registry has answered for each of these, or `signal` aborts. */
  async resolve(ids: ReadonlySet<number>, signal: AbortSignal): Promise<void> {
    const left = ids.values();
    const one = async (): Promise<void> => {
      for (const id of left) if (!signal.aborted) await this.#resolve(id, signal);
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, ids.size) }, one));
  }

  /** Looks up the id of what is written. Rejects with SCHEMA_NOT_REGISTERED. */
  async openOwn(signal: AbortSignal): Promise<void> {
    const { access, cache, schema, inner, subject } = this.#settings;
    if (subject === undefined || this.#own !== undefined) return;
    const type = TYPES[inner.name] ?? '';
    const text = Buffer.from(schema.content).toString();
    const name = `own-${digest(JSON.stringify([subject, type, text]))}`;
    const cached = own(asMap(cache.get(name)), 'id');
    const id =
      typeof cached === 'number'
        ? cached
        : await this.#untilAnswered((abort) => idOfSchema(access, subject, { type, schema: text }, abort), signal);
    if (id === undefined && !signal.aborted) {
      const found = `no such schema under the subject ${subject}`;
      throw new SluiceError(
        'SCHEMA_NOT_REGISTERED',
        `expected the schema ${schema.name} in the schema registry ${shownRegistry(access.url)}, found ${found}`,
      );
    }
    if (id !== undefined && cached === undefined) this.#keep(name, { id });
    this.#own = id;
  }

  async #resolve(id: number, signal: AbortSignal): Promise<void> {
    const { access, cache } = this.#settings;
    const cached = registeredIn(cache.get(`id-${id}`));
    if (cached !== undefined) return void this.#readers.set(id, this.#reader(id, cached));
    const ask = (abort: AbortSignal): Promise<Found> => schemaOfId(access, id, abort);
    let found = await this.#untilAnswered(ask, signal);
    if (found?.kind === 'missing') {
      await pause(ASK_AGAIN_MS, signal);
      found = await this.#untilAnswered(ask, signal);
    }
    if (found === undefined) return;
    if (found.kind === 'missing') {
      if (this.#missing.size >= MOST_MISSING) this.#missing.clear();
      this.#missing.set(id, performance.now() + MISSING_FOR_MS);
      return;
    }
    this.#missing.delete(id);
    if (found.kind === 'unusable') return void this.#readers.set(id, refusing(id, found.why));
    this.#keep(`id-${id}`, found.schema);
    this.#readers.set(id, this.#reader(id, found.schema));
  }

  #reader(id: number, { type, schema, imports }: RegisteredSchema): WriterCodec {
    const { inner } = this.#settings;
    if (type !== TYPES[inner.name]) return refusing(id, `a schema of the type ${shortened(type, MOST_SHOWN)}`);
    const file = { name: `id ${id}`, content: Buffer.from(schema), imports: imports.map((text) => Buffer.from(text)) };
    try {
      return { codec: inner.readerOf?.(file) ?? inner, head: inner.headOf?.(file) ?? inner.messageHead };
    } catch (thrown) {
      return refusing(id, messageOf(thrown));
    }
  }

  /** Undefined where `signal` aborts. */
  async #untilAnswered<T>(ask: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    const { onTrouble } = this.#settings;
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        const answer = await ask(signal);
        onTrouble(undefined);
        return answer;
      } catch (thrown) {
        if (signal.aborted) return undefined;
        onTrouble(asSluiceError(thrown));
        await pause(backoffMs(BACKOFF, failures), signal);
      }
    }
    return undefined;
  }

  /** A disk that does not take it costs a request at the next start. */
  #keep(name: string, value: object): void {
    const { cache, log, route } = this.#settings;
    try {
      cache.set(name, value);
    } catch (thrown) {
      log.warn('schema-cache-unwritten', { route, text: messageOf(thrown) });
    }
  }
}

function registeredIn(cached: unknown): RegisteredSchema | undefined {
  const map = asMap(cached);
  const [type, schema, imports] = [own(map, 'type'), own(map, 'schema'), asList(own(map, 'imports'))];
  if (typeof type !== 'string' || typeof schema !== 'string') return undefined;
  return { type, schema, imports: imports.filter((one) => typeof one === 'string') };
}

function refusing(id: number, why: string): WriterCodec {
  const text = `expected a schema that the codec reads under the schema id ${id}, found ${shortened(why, MOST_SHOWN)}`;
  return {
    codec: {
      decode() {
        throw new SluiceError('SCHEMA_ID_UNUSABLE', text);
      },
    },
    head: undefined,
  };
}
