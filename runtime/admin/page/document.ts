import type { Answer } from '../answer.ts';
import { type Html, html } from '../html.ts';

export interface DocumentSettings {
  readonly status?: number;
  readonly title: string;
  readonly body: Html;
  /** Whether the server pushes its changes; without scripts the page is loaded again every few seconds. */
  readonly isLive: boolean;
}

/** One page of the admin port. */
export function document({ status = 200, title, body, isLive }: DocumentSettings): Answer {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <link rel="icon" href="/assets/icon.svg" />
        <link rel="stylesheet" href="/assets/page.css" />
        ${
          isLive &&
          html`<noscript><meta http-equiv="refresh" content="5" /></noscript>
            <script src="/assets/live.js" defer></script>`
        }
      </head>
      <body>
        ${body}
      </body>
    </html> `;
  return { status, type: 'text/html; charset=utf-8', body: page.text };
}
