/**
 * Bytes <-> body. Law: `decode(encode(body))` equals `body` for every body the codec can hold. Synchronous and pure.
 * Both throw a plain Error whose message names the place, never the content; the engine makes it a rejected message. A
 * SluiceError keeps its own code, a stack overflow passes as it is.
 */
export interface Codec<Body = unknown> {
  readonly name: string;
  readonly contentType: string;
  decode(bytes: Uint8Array): Body;
  encode(body: Body): Uint8Array;
}
