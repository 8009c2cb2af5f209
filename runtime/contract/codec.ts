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
 * The treatment of a JSON number that a double cannot hold: the message is refused, the number is kept exactly, or it
 * becomes the nearest double (docs/pipeline-file.md, JSON bodies).
 */
export const JSON_NUMBERS = ['reject', 'exact', 'round'] as const;
export type JsonNumbers = (typeof JSON_NUMBERS)[number];
