import { createHash, createHmac, sign, timingSafeEqual, verify } from 'node:crypto';
import { SluiceError } from '#contract/errors.ts';
import { isMap } from '#kit/json-value.ts';
import type { BindingKey } from './binding-key.ts';

/** What a binding states beside its label: the message, and who states it. */
export interface BoundMessage {
  readonly label: string;
  /** The body's bytes as on the wire; null where there is none. */
  readonly body: Uint8Array | null;
  readonly contentType: string | undefined;
  /** The message id as the bus carries it. */
  readonly id: string | undefined;
}

export interface Signer {
  readonly kid: string;
  readonly key: BindingKey;
  /** Who signs: pipeline and route. */
  readonly issuer: string;
  /** In seconds. Undefined: for good. */
  readonly expiresAfterS: number | undefined;
}

type Claims = Readonly<Record<string, unknown>>;

const TYPE = 'seclabel+jws';
const LONGEST = 4096;
/** Clocks of two machines differ. */
const SKEW_S = 300;
const PARTS = 3;

/**
 * The header `seclabelsig` of a message: a compact JWS (RFC 7515) whose claims are the label and the digest of the body, so that
 * neither can be exchanged. It says that the signer states this label for these bytes. `nowS`: seconds since 1970.
 */
export function signBinding({ label, body, contentType, id }: BoundMessage, signer: Signer, nowS: number): string {
  const { kid, key, issuer, expiresAfterS } = signer;
  const claims = {
    l: label,
    d: digestOf(body),
    ...(contentType !== undefined && { ct: contentType }),
    ...(id !== undefined && { m: id }),
    s: issuer,
    iat: nowS,
    ...(expiresAfterS !== undefined && { exp: nowS + expiresAfterS }),
  };
  const signed = `${encoded({ alg: key.algorithm, kid, typ: TYPE })}.${encoded(claims)}`;
  return `${signed}.${signatureOf(signed, key).toString('base64url')}`;
}

/**
 * Why a binding does not hold for this message; undefined where it does. The algorithm is the key's, never that of the text, and the
 * signature is verified before a claim is believed.
 */
export function bindingFault(
  text: string,
  message: BoundMessage,
  keys: ReadonlyMap<string, BindingKey>,
  nowS: number,
): SluiceError | undefined {
  if (text.length > LONGEST) return fault('LABEL_SIG_INVALID', `at most ${LONGEST} characters`, String(text.length));
  const parts = text.split('.');
  const [head = '', body = '', signature = ''] = parts;
  const header = decoded(head);
  const claims = decoded(body);
  const isForm = parts.length === PARTS && header !== undefined && claims !== undefined;
  if (!isForm) return fault('LABEL_SIG_INVALID', 'a compact JWS', 'another text');
  const { kid, alg, typ, ...others } = header;
  if (typ !== TYPE || Object.keys(others).length > 0) {
    return fault('LABEL_SIG_INVALID', `a header of alg, kid and typ ${TYPE}`, 'another one');
  }
  const key = typeof kid === 'string' ? keys.get(kid) : undefined;
  if (key === undefined)
    return fault('LABEL_SIG_KEY_UNKNOWN', `a kid of the source (${[...keys.keys()].join(', ')})`, 'another one');
  if (alg !== key.algorithm) return fault('LABEL_SIG_INVALID', `alg ${key.algorithm}, that of the key`, 'another one');
  if (!isSigned(`${head}.${body}`, signature, key))
    return fault('LABEL_SIG_INVALID', 'a signature by the key', 'another one');
  return mismatch(claims, message) ?? outOfTime(claims, nowS);
}

function mismatch({ l, d, ct, m }: Claims, { label, body, contentType, id }: BoundMessage): SluiceError | undefined {
  const pairs = [
    ['label', l, label],
    ['body', d, digestOf(body)],
    ['content type', ct, contentType],
    ['message id', m, id],
  ] as const;
  const wrong = pairs.find(([, claimed, found]) => claimed !== found);
  return wrong && fault('LABEL_SIG_MISMATCH', `a binding of this ${wrong[0]}`, 'one of another');
}

function outOfTime({ iat, exp }: Claims, nowS: number): SluiceError | undefined {
  if (typeof iat !== 'number' || iat > nowS + SKEW_S)
    return fault('LABEL_SIG_EXPIRED', 'a binding of the past', 'one of the future, or without iat');
  const isOver = exp !== undefined && (typeof exp !== 'number' || exp + SKEW_S < nowS);
  return isOver ? fault('LABEL_SIG_EXPIRED', 'a binding that holds now', 'one that has expired') : undefined;
}

/** A message without a body, such as a tombstone, is none with an empty one. */
function digestOf(body: Uint8Array | null): string | null {
  return body === null ? null : createHash('sha256').update(body).digest('base64url');
}

function signatureOf(signed: string, { algorithm, key }: BindingKey): Buffer {
  return algorithm === 'HS256'
    ? createHmac('sha256', key).update(signed).digest()
    : sign(null, Buffer.from(signed), key);
}

function isSigned(signed: string, signature: string, key: BindingKey): boolean {
  const given = Buffer.from(signature, 'base64url');
  // One text for one signature: the decoder ignores what is no base64url.
  if (given.toString('base64url') !== signature) return false;
  if (key.algorithm === 'EdDSA') return verify(null, Buffer.from(signed), key.key, given);
  const expected = signatureOf(signed, key);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decoded(part: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return isMap(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function fault(code: SluiceError['code'], expected: string, found: string): SluiceError {
  return new SluiceError(code, `expected ${expected}, found ${found}`, { place: { stage: 'label' } });
}
