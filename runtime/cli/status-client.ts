import { messageOf, SluiceError } from '#contract/errors.ts';
import type { Status } from '../admin/status/status.ts';
import { bearerHeaders } from './bearer.ts';
import { type Arguments, UsageError } from './command.ts';
import { statusLines } from './status-text.ts';

const WAIT_MS = 5000;
/** Of an answer: a thousand routes have less. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Options of the commands that ask a running pipeline. */
export const STATUS_OPTIONS = { 'admin-token-file': { type: 'string' }, json: { type: 'boolean' } } as const;

export const TOKEN_HELP = {
  '--admin-token-file FILE': 'the token of the admin port, where it needs one; or the variable SLUICE_ADMIN_TOKEN',
} as const;

/** Asks one pipeline for its status, as often as it is called. Rejects with ADMIN_UNREACHABLE. */
export type AskStatus = () => Promise<FoundStatus & { readonly text: string }>;

interface FoundStatus {
  readonly status: Status;
  /** For people. */
  readonly lines: readonly string[];
}

/** Throws UsageError for what is no URL of an admin port, ADMIN_TOKEN for a token that cannot be used. */
export function statusClient({ positionals, values }: Arguments): AskStatus {
  const [words = ''] = positionals;
  const url = URL.parse('/status', /^https?:\/\//i.test(words) ? words : `http://${words}`);
  if (words === '' || url === null) {
    throw new UsageError(`expected the URL of an admin port (http://127.0.0.1:9464), found ${words || 'none'}`);
  }
  // They would stand in errors and in the list of processes; the admin port knows tokens alone.
  if (url.username !== '' || url.password !== '') {
    throw new UsageError(
      'expected the URL of an admin port without user and password; --admin-token-file has the token',
    );
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
      text = await textOf(answer);
    } catch (thrown) {
      throw new SluiceError('ADMIN_UNREACHABLE', `${expected}, found ${causeOf(thrown)}`);
    }
    if (answer.status === 401) throw new SluiceError('ADMIN_TOKEN', `${expected}, found that it needs its token`);
    const found = answer.ok ? parsed(text) : undefined;
    if (found === undefined) {
      throw new SluiceError('ADMIN_UNREACHABLE', `${expected}, found an answer ${answer.status} that is none`);
    }
    return { ...found, text };
  };
}

/** Another server may answer without end. */
async function textOf({ body }: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body ?? []) {
    size += part.length;
    if (size > MOST_BYTES) throw new Error(`an answer of more than ${MOST_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

/** fetch says why in the cause of its error. */
function causeOf(thrown: unknown): string {
  const cause: unknown = thrown instanceof Error ? thrown.cause : undefined;
  return cause === undefined ? messageOf(thrown) : messageOf(cause);
}

/** What cannot be drawn is none: another server may answer anything. */
function parsed(text: string): FoundStatus | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isStatus(value) ? { status: value, lines: statusLines(value) } : undefined;
  } catch {
    return undefined;
  }
}

/** The version says what the rest looks like. */
function isStatus(value: unknown): value is Status {
  if (typeof value !== 'object' || value === null || !('version' in value) || value.version !== 1) return false;
  return 'routes' in value && Array.isArray(value.routes) && 'errors' in value && Array.isArray(value.errors);
}
