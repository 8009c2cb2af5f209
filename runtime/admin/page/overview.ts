import type { Answer, Visitor } from '../answer.ts';
import { type Html, html } from '../html.ts';
import type { ErrorStatus, PartStatus, Status } from '../status/status.ts';
import { SEAL_FIELD } from '../visitors.ts';
import { document } from './document.ts';
import { type Part, routeParts } from './route-parts.ts';
import { badge, count, moment, time, traceLink } from './words.ts';

export interface OverviewSettings {
  readonly traceUrl: string | undefined;
}

/** All parts of the page that change, in the order in which they stand there. */
export function overviewParts(status: Status, { traceUrl }: OverviewSettings): readonly Part[] {
  return [
    { id: 'state', content: html`${badge(status.state)}` },
    { id: 'why', content: why(status) },
    ...status.routes.flatMap(routeParts),
    { id: 'errors', content: errors(status.errors, traceUrl) },
    { id: 'parts', content: parts(status.parts) },
    { id: 'stamp', content: html`as of <time datetime="${status.at}">${moment(status.at)}</time> UTC` },
  ];
}

/** The page of a pipeline. It says the same without scripts, as of the moment at which it was loaded. */
export function overview(status: Status, settings: OverviewSettings, visitor: Visitor): Answer {
  const all = new Map(overviewParts(status, settings).map((part) => [part.id, part]));
  const part = (id: string, more: Html = html``): Html =>
    html`<div id="part-${id}" data-part${more}>${all.get(id)?.content}</div>`;
  const letters = status.routes.reduce((sum, { deadLetters }) => sum + (deadLetters?.stored ?? 0), 0);
  const body = html`${banner(status.pipeline, 'overview', visitor, part('state'))}
    <main id="main">
      <section aria-labelledby="now">
        <h2 id="now" class="hidden">What is wrong now</h2>
        ${part('why', html` role="status" aria-live="polite"`)}
      </section>
      ${status.routes.map(
        ({ name }) =>
          html`<section class="card" aria-label="route ${name}">
            ${part(`${name}-head`)}${part(`${name}-flow`)}${part(`${name}-numbers`)}${part(`${name}-history`)}
          </section>`,
      )}
      <section class="card" aria-labelledby="errors">
        <h2 id="errors">Last errors</h2>
        ${part('errors')}
      </section>
      <section class="card" aria-labelledby="parts">
        <h2 id="parts">Readiness</h2>
        ${part('parts')}
      </section>
    </main>
    <footer class="quiet">
      ${part('stamp')}
      <p><span id="live" role="status"></span></p>
      <p>
        <noscript>Without scripts the page is loaded again every 5 seconds. </noscript><a href="/">Load again</a> ·
        <a href="/status">status as JSON</a> · <a href="/metrics">metrics</a> · dead letters in the store when it was
        loaded: ${count(letters)}
      </p>
    </footer>`;
  return document({ title: `${status.pipeline}: ${status.state}`, body, isLive: true });
}

/** The head of every page. */
export function banner(
  pipeline: string,
  here: 'overview' | 'letters',
  visitor: Visitor,
  state: Html | undefined,
): Html {
  const link = (page: typeof here, path: string, text: string): Html =>
    html`<a href="${path}" ${page === here && html` aria-current="page"`}>${text}</a>`;
  return html`<a class="skip" href="#main">To the content</a>
    <header>
      <h1>${pipeline}</h1>
      ${state}
      <nav aria-label="pages">${link('overview', '/', 'Routes')} ${link('letters', '/letters', 'Dead letters')}</nav>
      ${
        visitor.by === 'session' &&
        html`<form method="post" action="/logout">
          <input type="hidden" name="${SEAL_FIELD}" value="${visitor.csrf}" /><button class="plain">Leave</button>
        </form>`
      }
    </header>`;
}

/** Only what changes rarely: a reader of screens is told each change of it. */
function why({ routes, state, isStopping, parts: all }: Status): Html {
  if (isStopping) return html`<p>The pipeline stops: it reads no more and ends what it holds.</p>`;
  if (state === 'ok') return html`<p>Every route is up.</p>`;
  const down = all.filter(({ isUp }) => !isUp);
  const uneasy = routes.filter((route) => route.state === 'degraded').map(({ name }) => name);
  return html`${
    down.length > 0 &&
    html`<ul class="trouble">
      ${down.map(
        ({ name, why: cause, remedy, since }) =>
          html`<li>
            <b>${name}</b>: ${cause}
            <span class="quiet">since <time datetime="${since}">${moment(since)}</time> UTC</span
            >${remedy !== undefined && html`<br />${remedy}`}
          </li>`,
      )}
    </ul>`
  }${uneasy.length > 0 && html`<p>Up, and worth a look: ${uneasy.join(', ')}.</p>`}`;
}

function errors(all: readonly ErrorStatus[], traceUrl: string | undefined): Html {
  if (all.length === 0) return html`<p>None since the start.</p>`;
  return html`<ul class="errors">
    ${all.map(
      ({ at, firstAt, count: many, route, event, code, text, remedy, traceId }) =>
        html`<li>
          <p>
            <time datetime="${at}">${moment(at)}</time>
            <b>${code ?? event}</b> ${route !== undefined && html`<span class="quiet">route ${route}</span>`}
            ${many > 1 && html`<span class="quiet">${count(many)} times since ${moment(firstAt)}</span>`}
            ${traceLink(traceUrl, traceId)}
          </p>
          <p>${text}</p>
          ${remedy !== undefined && html`<p class="remedy">${remedy}</p>`}
        </li>`,
    )}
  </ul>`;
}

function parts(all: readonly PartStatus[]): Html {
  return html`<ul class="parts">
    ${all.map(
      ({ name, isUp, why: cause, forSeconds }) =>
        html`<li class="${isUp ? 'ok' : 'down'}">
          <span aria-hidden="true">${isUp ? '●' : '✖'}</span> ${name}:
          ${isUp ? 'ok' : `${cause}, for ${time(forSeconds)}`}
        </li>`,
    )}
  </ul>`;
}
