import { asMap, isMap, own, type PlainMap } from '#kit/json-value.ts';
import { durationMs, SOME_DURATION_PATTERN } from '#kit/quantity.ts';
import { BINDING_ALGORITHMS, type BindingAlgorithm } from '../../labels/binding-key.ts';
import type { JsonSchema } from '../json-schema.ts';
import { mapSchema, nestedField, parseMap } from './field.ts';
import { optional, text } from './values.ts';

const ALGORITHM = {
  type: 'string',
  enum: [...BINDING_ALGORITHMS],
  description: 'EdDSA: an Ed25519 key in PEM. HS256: a secret of at least 32 bytes, by which each reader can sign too.',
} as const;
const KEY = {
  type: 'string',
  minLength: 1,
  description: 'The key, by reference: file:PATH or env:NAME.',
  examples: ['file:keys/source.pub.pem'],
} as const;
const KID = '^[A-Za-z0-9][A-Za-z0-9._:-]*$';

export interface KeyText {
  readonly alg: BindingAlgorithm;
  readonly key: string;
}

/** `binding` of a source. */
export interface BindingSpec {
  /** Whether a message without a binding is blocked. */
  readonly required: boolean;
  /** By kid. */
  readonly keys: ReadonlyMap<string, KeyText>;
}

function keyText(map: PlainMap): KeyText {
  return { alg: own(map, 'alg') === 'HS256' ? 'HS256' : 'EdDSA', key: text(map, 'key') };
}

export const BINDING_FIELDS = {
  require: nestedField({
    schema: { type: 'boolean', default: true, description: 'Whether a message without a binding is blocked.' },
    parse: (binding) => ({ required: own(binding, 'require') !== false }),
    doc: '`require`: whether a message without a binding is blocked, `true` unless said otherwise. One that is there is verified always.',
  }),
  keys: nestedField({
    schema: {
      type: 'object',
      minProperties: 1,
      propertyNames: {
        pattern: KID,
        maxLength: 64,
        description: 'a key id of letters, digits and . _ : -',
        examples: ['src-1'],
      },
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        required: ['alg', 'key'],
        properties: { alg: ALGORITHM, key: KEY },
      },
      description: 'The keys of those who sign, by key id.',
      examples: [{ 'src-1': { alg: 'EdDSA', key: 'file:keys/src-1.pub.pem' } }],
    },
    parse(binding): { readonly keys: BindingSpec['keys'] } {
      const entries = Object.entries(asMap(own(binding, 'keys')));
      return { keys: new Map(entries.map(([kid, key]) => [kid, keyText(asMap(key))])) };
    },
    doc: '`keys`: by key id, `{ alg: EdDSA | HS256, key: "file:..." }`.',
  }),
} as const;

export const BINDING_SCHEMA: JsonSchema = mapSchema(BINDING_FIELDS, {
  required: ['keys'],
  description: 'Who signs the labels of the messages (seclabelsig). Only beside labels.',
});

export function parseBinding(from: PlainMap): { readonly binding: BindingSpec | undefined } {
  const binding = own(from, 'binding');
  return { binding: isMap(binding) ? parseMap(BINDING_FIELDS, binding, {}) : undefined };
}

/** `sign` of a sink. */
export interface SignSpec extends KeyText {
  readonly kid: string;
  readonly expiresMs: number | undefined;
}

export const SIGN_FIELDS = {
  kid: nestedField({
    schema: {
      type: 'string',
      pattern: KID,
      maxLength: 64,
      description: 'The key id that readers know the key by.',
      examples: ['bridge-1'],
    },
    parse: (sign) => ({ kid: text(sign, 'kid') }),
    doc: '`kid`: the key id that readers know the key by.',
  }),
  alg: nestedField({
    schema: ALGORITHM,
    parse: (sign) => ({ alg: keyText(sign).alg }),
    doc: '`alg`: `EdDSA` (Ed25519) or `HS256`.',
  }),
  key: nestedField({
    schema: KEY,
    parse: (sign) => ({ key: text(sign, 'key') }),
    doc: '`key`: the private key in PEM, or the secret, by reference.',
  }),
  expires: nestedField({
    schema: {
      type: 'string',
      pattern: SOME_DURATION_PATTERN,
      formatMaximum: '3650d',
      description: 'How long the binding holds. For good, unless said otherwise.',
      examples: ['1h'],
    },
    parse(sign): { readonly expiresMs: number | undefined } {
      const expires = optional(sign, 'expires');
      return { expiresMs: expires === undefined ? undefined : durationMs(expires) };
    },
    doc: '`expires`: how long the binding holds; for good unless said otherwise.',
  }),
} as const;

export const SIGN_SCHEMA: JsonSchema = mapSchema(SIGN_FIELDS, {
  required: ['kid', 'alg', 'key'],
  description: 'Signs label, body and id of each message (seclabelsig). Only beside labels.',
});

export function parseSign(to: PlainMap): { readonly sign: SignSpec | undefined } {
  const sign = own(to, 'sign');
  return { sign: isMap(sign) ? parseMap(SIGN_FIELDS, sign, {}) : undefined };
}
