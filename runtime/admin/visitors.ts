import type { IncomingHttpHeaders } from 'node:http';
import type { Visitor } from './answer.ts';
import { FormSeal, type GuardedToken } from './guarded-token.ts';
import { sessionIn, Sessions } from './sessions.ts';

/** The name of the form's field that no page of another origin knows. */
export const SEAL_FIELD = 'seal';

/** Tells who asks: nobody in particular where no token is set, else who has it. */
export class Visitors {
  readonly sessions = new Sessions();
  readonly #token: GuardedToken | undefined;
  readonly #seal = new FormSeal();

  constructor(token: GuardedToken | undefined) {
    this.#token = token;
  }

  get needToken(): boolean {
    return this.#token !== undefined;
  }

  isToken(sent: string): boolean {
    return this.#token?.isRight(sent) ?? false;
  }

  /** Undefined: a stranger. */
  visitor(headers: IncomingHttpHeaders, nowMs: number): Visitor | undefined {
    const { authorization } = headers;
    if (this.#token === undefined) return { by: 'anyone', csrf: this.#seal.sealOf('') };
    if (authorization !== undefined) {
      const [, sent] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
      return sent !== undefined && this.#token.isRight(sent) ? { by: 'bearer', csrf: '' } : undefined;
    }
    const session = sessionIn(headers);
    if (session === undefined || !this.sessions.has(session, nowMs)) return undefined;
    return { by: 'session', csrf: this.#seal.sealOf(session) };
  }

  /** Whether a form may act: what a page of another origin sends has neither the seal nor the bearer's header. */
  mayAct({ by }: Visitor, headers: IncomingHttpHeaders, form: URLSearchParams): boolean {
    if (by === 'bearer') return true;
    if (by === 'stranger') return false;
    const session = by === 'anyone' ? '' : (sessionIn(headers) ?? '');
    return this.#seal.isRight(session, form.get(SEAL_FIELD) ?? '');
  }
}
