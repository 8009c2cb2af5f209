import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { messageOf, SluiceError } from '#contract/errors.ts';

/** Fewer could be tried one after another. */
const LEAST = 16;
const MOST = 1024;

/**
 * The token of the admin port: of the file, else of the variable. It is never in a log, nor in the arguments of the process. Throws
 * ADMIN_TOKEN for one that cannot be used. Undefined where none is given.
 */
export function readToken(file: string | undefined, environment: NodeJS.ProcessEnv): string | undefined {
  const variable = environment['SLUICE_ADMIN_TOKEN'];
  if (file === undefined && (variable === undefined || variable === '')) return undefined;
  const origin = file === undefined ? 'SLUICE_ADMIN_TOKEN' : `the file ${file}`;
  const token = (file === undefined ? (variable ?? '') : contentOf(file)).trim();
  // What a header can carry, in one way.
  if (!/^[!-~]*$/.test(token) || token.length < LEAST || token.length > MOST) {
    const expected = `${LEAST} to ${MOST} printable ASCII characters without blanks in ${origin}`;
    throw new SluiceError('ADMIN_TOKEN', `expected ${expected}, found ${token.length} characters`);
  }
  return token;
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    throw new SluiceError('ADMIN_TOKEN', `expected a token in the file ${file}, found none: ${messageOf(thrown)}`);
  }
}

/** Compares a token without telling by its time how much of it is right. */
export class GuardedToken {
  readonly #digest: Buffer;

  constructor(token: string) {
    this.#digest = digest(token);
  }

  /** Digests have one length, whatever was sent. */
  isRight(sent: string): boolean {
    return timingSafeEqual(this.#digest, digest(sent));
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** What a form of one visitor sends back. The key lives as long as the process. */
export class FormSeal {
  readonly #key = randomBytes(32);

  sealOf(session: string): string {
    return createHmac('sha256', this.#key).update(session).digest('base64url');
  }

  isRight(session: string, sent: string): boolean {
    return timingSafeEqual(digest(this.sealOf(session)), digest(sent));
  }
}
