import { SluiceError } from '#contract/errors.ts';
import { asList, asMap, own, type PlainMap } from '#kit/json-value.ts';
import { type Answer, ask, type RegistryAccess, shownRegistry } from './request.ts';

/** A schema as a registry has it. Nothing in it was read yet. */
export interface RegisteredSchema {
  /** AVRO, JSON or PROTOBUF. */
  readonly type: string;
  readonly schema: string;
  /** What it refers to, each before those that need it. */
  readonly imports: readonly string[];
}

/** `unusable`: the registry has something of that id that is no schema for a bridge. */
export type Found =
  | { readonly kind: 'schema'; readonly schema: RegisteredSchema }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unusable'; readonly why: string };

const MOST_LEVELS = 20;
const MOST_IMPORTS = 100;

/**
 * The schema of an id. Rejects as `ask` does. Only Avro needs what a schema refers to: JSON is judged by the project's schema, and the
 * fields of protobuf are those of the project.
 */
export async function schemaOfId(access: RegistryAccess, id: number, signal: AbortSignal): Promise<Found> {
  const answer = await ask(access, `/schemas/ids/${id}`, signal);
  if (answer.kind !== 'found') return withoutSchema(answer);
  const { schema, type } = textIn(answer.value, access.url);
  if (type !== 'AVRO') return { kind: 'schema', schema: { type, schema, imports: [] } };
  const references = new References(access, signal);
  const why = await references.follow(answer.value, 0);
  return why === undefined ? { kind: 'schema', schema: { type, schema, imports: references.texts } } : why;
}

/** The id of a schema under a subject; undefined where it is not registered there. Registers nothing. */
export async function idOfSchema(
  access: RegistryAccess,
  subject: string,
  { type, schema }: Pick<RegisteredSchema, 'type' | 'schema'>,
  signal: AbortSignal,
): Promise<number | undefined> {
  // AVRO is the default, and registries before references know no other.
  const question = type === 'AVRO' ? { schema } : { schema, schemaType: type };
  const answer = await ask(access, `/subjects/${encodeURIComponent(subject)}`, signal, question);
  if (answer.kind === 'missing') return undefined;
  const id = answer.kind === 'found' ? own(answer.value, 'id') : undefined;
  if (typeof id === 'number' && Number.isInteger(id)) return id;
  throw noRegistry(access.url, 'an answer without an id');
}

class References {
  readonly #access: RegistryAccess;
  readonly #signal: AbortSignal;
  readonly #seen = new Set<string>();
  readonly texts: string[] = [];

  constructor(access: RegistryAccess, signal: AbortSignal) {
    this.#access = access;
    this.#signal = signal;
  }

  /** Undefined where all were found. */
  async follow(answer: PlainMap, level: number): Promise<Found | undefined> {
    for (const reference of asList(own(answer, 'references')).map(asMap)) {
      const [subject, version] = [own(reference, 'subject'), own(reference, 'version')];
      if (typeof subject !== 'string' || typeof version !== 'number' || !Number.isInteger(version))
        return { kind: 'unusable', why: 'a reference without subject and version' };
      const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`;
      if (this.#seen.has(path)) continue;
      this.#seen.add(path);
      if (level >= MOST_LEVELS || this.#seen.size > MOST_IMPORTS)
        return { kind: 'unusable', why: `references of more than ${MOST_LEVELS} levels or ${MOST_IMPORTS} schemas` };
      const found = await ask(this.#access, path, this.#signal);
      if (found.kind !== 'found') return withoutSchema(found);
      const why = await this.follow(found.value, level + 1);
      if (why !== undefined) return why;
      this.texts.push(textIn(found.value, this.#access.url).schema);
    }
    return undefined;
  }
}

function withoutSchema({ kind }: Exclude<Answer, { kind: 'found' }>): Found {
  return kind === 'large' ? { kind: 'unusable', why: 'an answer that is too large' } : { kind: 'missing' };
}

function textIn(answer: PlainMap, url: string): { readonly schema: string; readonly type: string } {
  const [schema, type] = [own(answer, 'schema'), own(answer, 'schemaType')];
  if (typeof schema !== 'string') throw noRegistry(url, 'one without a schema');
  return { schema, type: typeof type === 'string' ? type : 'AVRO' };
}

function noRegistry(url: string, found: string): SluiceError {
  return new SluiceError(
    'SCHEMA_REGISTRY_DOWN',
    `expected an answer of the schema registry ${shownRegistry(url)}, found ${found}`,
  );
}
