import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { Label } from '#contract/message.ts';
import { canonicalJson } from '#kit/canonical-json.ts';

/** What an approver signs: which bytes leave, under which rules, from which label to which, and until when it counts. */
export interface ApprovalStatement {
  readonly pipeline: string;
  readonly guard: string;
  /** The id under which the message leaves. */
  readonly id: string;
  /** Digests of the message as it came and as it leaves. */
  readonly in: string;
  readonly out: string;
  readonly from: Label;
  readonly to: Label;
  /** Hash of the guard's rules. */
  readonly policy: string;
  /** Milliseconds since 1970 (UTC). */
  readonly expiresAtMs: number;
}

/** One signature, as an approver left it. */
export interface Grant {
  readonly as: string;
  /** Base64. */
  readonly signature: string;
}

function signedText(statement: ApprovalStatement): Buffer {
  return Buffer.from(canonicalJson({ ...statement, kind: 'sluice.approval', v: 1 }));
}

/** Throws TypeError for a key that is not one of Ed25519. */
export function grantOf(as: string, statement: ApprovalStatement, key: KeyObject): Grant {
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('a key that is not of Ed25519');
  return { as, signature: sign(null, signedText(statement), key).toString('base64') };
}

/** Whether the holder of the key has signed exactly this statement. */
export function isGranted({ signature }: Grant, statement: ApprovalStatement, key: KeyObject): boolean {
  return verify(null, signedText(statement), key, Buffer.from(signature, 'base64'));
}

/** A public key of Ed25519: PEM, or base64 of DER. Throws TypeError for another text. */
export function approverKey(text: string): KeyObject {
  const given = text.trim();
  let key: KeyObject;
  try {
    key = given.startsWith('-----')
      ? createPublicKey(given)
      : createPublicKey({ key: Buffer.from(given, 'base64'), format: 'der', type: 'spki' });
  } catch {
    throw new TypeError('no public key');
  }
  // createPublicKey takes a private key too: one must not stand in a pipeline file.
  if (given.includes('PRIVATE')) throw new TypeError('a private key');
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError(`a key of ${String(key.asymmetricKeyType)}`);
  return key;
}

/** A text by which two keys are the same key, however they are written. */
export function keyText(key: KeyObject): string {
  return key.export({ format: 'der', type: 'spki' }).toString('base64');
}
