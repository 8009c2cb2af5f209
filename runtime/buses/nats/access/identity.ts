import type { Identity } from '#contract/access.ts';
import { userInUrl } from '../server-url.ts';
import type { NatsConnectionOptions } from '../options.ts';

/** The user of a connection, as the server's configuration names it. */
export function identityOf({ url, user, token, nkey, creds, tls }: NatsConnectionOptions): Identity {
  if (creds !== undefined) {
    return { name: undefined, secret: creds, notes: [] };
  }
  if (nkey !== undefined) {
    return { name: undefined, secret: nkey, notes: [] };
  }
  const name = user ?? userInUrl(url);
  if (name !== undefined) return { name, notes: [] };
  if (token !== undefined)
    return { name, secret: token, notes: ['a token has no rights of its own: give the connection user and password'] };
  if (tls?.cert !== undefined) {
    return {
      name,
      secret: tls.cert,
      notes: [
        'a client certificate is a user by `verify_and_map` alone: write its e-mail address, or its subject, as `user:` and leave the password out',
      ],
    };
  }
  return { name, notes: ['the connection names no user: give it user and password'] };
}

/** What the subjects of answers to this connection begin with. */
export function inboxOf({ inboxPrefix }: NatsConnectionOptions): {
  readonly subjects: string;
  readonly isOwn: boolean;
} {
  return { subjects: `${inboxPrefix ?? '_INBOX'}.>`, isOwn: inboxPrefix !== undefined && inboxPrefix !== '_INBOX' };
}

/** For an operator, where the inboxes are those of every client. */
export const SHARED_INBOX =
  'reading _INBOX.> shows the answers to all clients of the account, messages of other streams among them: give the connection an inboxPrefix of its own';
