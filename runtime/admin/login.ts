import type { AdminRequest, Answer, Resource } from './answer.ts';
import { plain, seeOther } from './answer.ts';
import { html } from './html.ts';
import { document } from './page/document.ts';
import { cookieOf, type CookieSettings, sessionIn } from './sessions.ts';
import type { Visitors } from './visitors.ts';

/** The form with which a browser gives the token. Absent where none is needed. */
export function loginResources(visitors: Visitors): ReadonlyMap<string, Resource> {
  if (!visitors.needToken) return new Map();
  return new Map<string, Resource>([
    [
      '/login',
      {
        isOpen: true,
        get: () => form(200, undefined),
        post(request) {
          if (!visitors.isToken((request.form.get('token') ?? '').trim())) return form(403, 'That is not the token.');
          return seeOther('/', {
            'set-cookie': cookieOf(visitors.sessions.begin(Date.now()), cookieSettings(request)),
          });
        },
      },
    ],
    [
      '/logout',
      {
        post(request) {
          const session = sessionIn(request.headers);
          if (session === undefined) return plain(400, 'There is no session to end.');
          visitors.sessions.end(session);
          return seeOther('/login', { 'set-cookie': cookieOf('', cookieSettings(request)) });
        },
      },
    ],
  ]);
}

/** By a proxy's header: whoever forges it gives himself a cookie that is never sent. */
function cookieSettings({ headers: { host, ...headers } }: AdminRequest): CookieSettings {
  return { host, isSecure: headers['x-forwarded-proto'] === 'https' };
}

function form(status: number, trouble: string | undefined): Answer {
  const body = html`<main class="narrow">
    <h1>Sluice</h1>
    <form method="post" action="/login" class="card">
      <label for="token">Token of the admin port</label>
      <input id="token" name="token" type="password" autocomplete="current-password" required autofocus />
      ${trouble !== undefined && html`<p class="trouble" role="alert">${trouble}</p>`}
      <button>Enter</button>
    </form>
    <p class="quiet">
      The token is that of --admin-token-file or SLUICE_ADMIN_TOKEN. The session ends after 12 hours, or with the
      process.
    </p>
  </main>`;
  return document({ status, title: 'Sluice: token', body, isLive: false });
}
