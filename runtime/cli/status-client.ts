import { messageOf, SluiceError } from '#contract/errors.ts';
import type { Status } from '../admin/status/status.ts';
import { bearerHeaders } from './bearer.ts';
import { type Arguments, UsageError } from './command.ts';

const WAIT_MS = 5000;

/** Options of the commands that ask a running pipeline. */
export const STATUS_OPTIONS = { 'admin-token-file': { type: 'string' }, json: { type: 'boolean' } } as const;

export const TOKEN_HELP = {
  '--admin-token-file FILE': 'the token of the admin port, where it needs one; or the variable SLUICE_ADMIN_TOKEN',
} as const;

/** Asks one pipeline for its status, as often as it is called. Rejects with ADMIN_UNREACHABLE. */
export type AskStatus = () => Promise<{ readonly status: Status; readonly text: string }>;

/** Throws UsageError for what is no URL of an admin port, ADMIN_TOKEN for a token that cannot be used. */
export function statusClient({ positionals, values }: Arguments): AskStatus {
  const [words = ''] = positionals;
  const url = URL.parse('/status', /^https?:\/\//.test(words) ? words : `http://${words}`);
  if (words === '' || url === null) {
    throw new UsageError(`expected the URL of an admin port (http://127.0.0.1:9464), found ${words || 'none'}`);
  }
  const file = values['admin-token-file'];
  const headers = bearerHeaders(typeof file === 'string' ? file : undefined);
  return async () => {
    const expected = `expected the status of a pipeline at ${url.href}`;
    let answer: Response;
    let text: string;
    try {
      // A redirect could lead the token elsewhere.
      answer = await fetch(url, { headers, redirect: 'error', signal: AbortSignal.timeout(WAIT_MS) });
      text = await answer.text();
    } catch (thrown) {
      throw new SluiceError('ADMIN_UNREACHABLE', `${expected}, found ${causeOf(thrown)}`);
    }
    if (answer.status === 401) throw new SluiceError('ADMIN_TOKEN', `${expected}, found that it needs its token`);
    const status = answer.ok ? parsed(text) : undefined;
    if (status === undefined) {
      throw new SluiceError('ADMIN_UNREACHABLE', `${expected}, found an answer ${answer.status} that is none`);
    }
    return { status, text };
  };
}

/** fetch says why in the cause of its error. */
function causeOf(thrown: unknown): string {
  const cause: unknown = thrown instanceof Error ? thrown.cause : undefined;
  return cause === undefined ? messageOf(thrown) : messageOf(cause);
}

function parsed(text: string): Status | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isStatus(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The version says what the rest looks like. */
function isStatus(value: unknown): value is Status {
  if (typeof value !== 'object' || value === null || !('version' in value) || value.version !== 1) return false;
  return 'routes' in value && Array.isArray(value.routes) && 'errors' in value && Array.isArray(value.errors);
}
