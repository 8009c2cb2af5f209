import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';

/** `HS256`: one secret for signer and reader, who both can sign. `EdDSA`: Ed25519 (RFC 8037). */
export const BINDING_ALGORITHMS = ['EdDSA', 'HS256'] as const;
export type BindingAlgorithm = (typeof BINDING_ALGORITHMS)[number];

/** A key whose algorithm is fixed where the key is named, never by a message. */
export interface BindingKey {
  readonly algorithm: BindingAlgorithm;
  readonly key: KeyObject;
}

/** RFC 7518, 3.2: no shorter than the hash. */
const LEAST_SECRET = 32;

/**
 * The key in a text: PEM of an Ed25519 key, or a secret of at least 32 bytes. Throws an Error whose message says what was expected
 * and holds nothing of the text.
 */
export function bindingKey(algorithm: BindingAlgorithm, text: string, use: 'sign' | 'verify'): BindingKey {
  if (algorithm === 'HS256') {
    // The text of a public key is known to all.
    if (text.includes('-----BEGIN')) throw new Error('expected a secret, found the PEM of a key');
    const secret = Buffer.from(text);
    if (secret.length < LEAST_SECRET)
      throw new Error(`expected a secret of at least ${LEAST_SECRET} bytes, found ${secret.length}`);
    return { algorithm, key: createSecretKey(secret) };
  }
  const what = use === 'sign' ? 'private' : 'public';
  let key: KeyObject;
  try {
    if (use === 'verify' && text.includes('PRIVATE KEY')) throw new Error('a private key');
    key = use === 'sign' ? createPrivateKey(text) : createPublicKey(text);
  } catch {
    throw new Error(`expected the PEM of a ${what} Ed25519 key, found another text`);
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new Error(
      `expected the PEM of a ${what} Ed25519 key, found one of type ${key.asymmetricKeyType ?? 'unknown'}`,
    );
  }
  return { algorithm, key };
}
