/**
 * Bytes <-> body. Law: `decode(encode(body))` equals `body` for every body the codec can hold. Synchronous and pure.
 * Both throw a plain Error whose message names the place, never the content; the engine makes it a rejected message. A
 * SluiceError keeps its own code, a stack overflow passes as it is.
 */
export interface Codec<Body = unknown> {
  readonly name: string;
  readonly contentType: string;
  decode(bytes: Uint8Array): Body;
  /**
   * `source`: the same bytes object that the message was decoded from. A codec may keep with it what a body cannot hold,
   * such as the text of a decimal.
   */
  encode(body: Body, source?: Uint8Array | null): Uint8Array;
}

/**
 * A codec as the catalog has it. Everything that check, the published schema, docs/stages.md and the running route need of it is a
 * member: a new codec is one file and one line of the catalog.
 */
export interface CodecKind<Body = unknown> extends Codec<Body> {
  /** One line for docs/stages.md: the body that a function sees. */
  readonly description: string;
  /**
   * Content types, lower case, without parameters, that select it where an end names no codec: `text/*` is every type that begins
   * so, `*+cbor` every one with that suffix. A type that no codec names is decoded by the first codec of the catalog.
   */
  readonly mediaTypes: readonly string[];
  /** Whether a template can read a field of its bodies: `{body.a}`. */
  readonly hasFields: boolean;
  /** The codec under the rules of a route (`json: { ... }`), where they concern it. */
  readonly under?: (rules: BodyRules) => Codec<Body>;
}

/** The rules of a route for numbers and depth. The words are those of JSON; they hold for every codec with numbers and levels. */
export interface BodyRules {
  readonly numbers: NumberRule;
  /** The most levels of objects and lists within one another; a body with more is refused before anything walks it. */
  readonly depth: number;
}

/**
 * The treatment of a JSON number that a double cannot hold: the message is refused, the number is kept exactly, or it
 * becomes the nearest double (docs/pipeline-file.md, JSON bodies).
 */
export const JSON_NUMBERS = ['reject', 'exact', 'round'] as const;
export type JsonNumbers = (typeof JSON_NUMBERS)[number];
/** `keep`: the rule of a route that sends the source's own bytes and whose file names none; it refuses no number. */
export type NumberRule = JsonNumbers | 'keep';
