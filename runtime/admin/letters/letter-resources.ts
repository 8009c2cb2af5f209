import { SluiceError } from '#contract/errors.ts';
import { shortened } from '#kit/shortened.ts';
import { changedBefore } from '../../store/dead-letters/changed-before.ts';
import { type AdminRequest, type Answer, plain, type Resource, seeOther } from '../answer.ts';
import { type Html, html } from '../html.ts';
import { document } from '../page/document.ts';
import { banner } from '../page/overview.ts';
import type { Part } from '../page/route-parts.ts';
import { count } from '../page/words.ts';
import type { PipelineOutline } from '../status/pipeline-outline.ts';
import { SEAL_FIELD } from '../visitors.ts';
import type { LetterDesk } from './letter-desk.ts';
import { chosen, letterTable } from './letter-list.ts';
import { letterView } from './letter-view.ts';

const LONGEST = 300;

export interface LetterPages {
  readonly outline: PipelineOutline;
  readonly desk: LetterDesk;
  readonly traceUrl: string | undefined;
  /** Whether letters can be replayed and discarded here. */
  readonly isWritable: boolean;
}

/** The dead letters of a pipeline, one page after the other, and what can be done with them. */
export function letterResources(pages: LetterPages): ReadonlyMap<string, Resource> {
  return new Map<string, Resource>([
    ['/letters', { get: (request) => told(() => list(pages, request)) }],
    ['/letters/', { get: (request) => told(() => one(pages, request)) }],
    ['/letters/replay', { get: (request) => told(() => progress(pages, request)), ...writing(pages, replay) }],
    ['/letters/discard', writing(pages, discard)],
  ]);
}

function writing(
  pages: LetterPages,
  act: (pages: LetterPages, request: AdminRequest) => Answer,
): Pick<Resource, 'post'> & object {
  const refused = plain(403, 'Replay and discard are off: start the pipeline with --admin-write.');
  return { post: (request) => (pages.isWritable ? told(() => act(pages, request)) : refused) };
}

/** What is wrong with the store is for the operator who asks. */
function told(answer: () => Answer): Answer {
  try {
    return answer();
  } catch (thrown) {
    if (!(thrown instanceof SluiceError)) throw thrown;
    return plain(503, troubleOf(thrown));
  }
}

function troubleOf({ code, message, remedy }: SluiceError): string {
  return `${code}: ${message}. ${remedy}`;
}

function list({ outline, desk, traceUrl, isWritable }: LetterPages, { query, visitor }: AdminRequest): Answer {
  const route = query.get('route') ?? '';
  const code = query.get('code') ?? '';
  const below = Number(query.get('below') ?? '') || undefined;
  const { letters, hidden, next, total } = desk.page({
    ...(route !== '' && { routes: [route] }),
    ...(code !== '' && { codes: [code] }),
    ...(below !== undefined && { below }),
  });
  const more = new URLSearchParams({ route, code, below: String(next) });
  // A number and nothing else: a link could put its own words here.
  const [gone] = /^\d{1,15}$/.exec(query.get('discarded') ?? '') ?? [];
  const names = outline.routes.map(({ name }) => name);
  const body = html`<section class="card" aria-labelledby="letters">
    <h2 id="letters">Dead letters</h2>
    ${gone !== undefined && html`<p role="status">${gone} letters are discarded.</p>`}
    <form method="get" action="/letters" class="actions">
      ${choice('route', 'route', names, route)} ${choice('code', 'code', desk.codes(), code)} <button>Show</button>
    </form>
    <p>${count(total)} letters${below !== undefined && html`, those below number ${below}`}</p>
    ${hidden > 0 && html`<p class="quiet">${hidden} of this page are not shown: their label is above ${desk.clearance.text ?? 'what this page may show'} (labels.telemetry).</p>`}
    ${letterTable({ letters, traceUrl, seal: isWritable ? visitor.csrf : undefined })}
    ${next !== undefined && html`<p><a href="/letters?${more.toString()}">Older letters</a></p>`}
  </section>`;
  return page(outline, visitor, 'Dead letters', body);
}

function choice(id: string, name: string, values: readonly string[], current: string): Html {
  return html`<label for="${id}">${name}</label>
    <select id="${id}" name="${id}">
      <option value="">all</option>
      ${values.map((value) => html`<option value="${value}" ${value === current && html` selected`}>${value}</option>`)}
    </select>`;
}

function one({ outline, desk, traceUrl, isWritable }: LetterPages, { path, visitor }: AdminRequest): Answer {
  const [, digits] = /^\/letters\/(\d{1,15})$/.exec(path) ?? [];
  const letter = digits === undefined ? 'none' : desk.letter(Number(digits));
  if (letter === 'none') return plain(404, 'There is no such letter.');
  if (letter === 'hidden') return plain(403, 'The label of this letter is above what this page may show.');
  const stages = outline.routes.find(({ name }) => name === letter.route)?.stages ?? [];
  const changedBy = changedBefore(stages, letter.stage);
  const body = letterView(letter, { changedBy, traceUrl, seal: isWritable ? visitor.csrf : undefined });
  return page(outline, visitor, `Letter ${letter.number}`, body);
}

function replay(pages: LetterPages, { form, visitor }: AdminRequest): Answer {
  const result = pages.desk.replay(chosen(form));
  if ('refused' in result) return refusal(pages, visitor, result.refused);
  return seeOther(`/letters/replay?name=${result.name}`);
}

/** Asks once more: what is discarded is gone. */
function discard(pages: LetterPages, { form, visitor }: AdminRequest): Answer {
  const numbers = chosen(form);
  if (numbers.length === 0) return refusal(pages, visitor, 'No letter is chosen.');
  if (form.get('sure') === 'yes') {
    const result = pages.desk.discard(numbers);
    return 'refused' in result
      ? refusal(pages, visitor, result.refused)
      : seeOther(`/letters?discarded=${result.discarded}`);
  }
  const body = html`<section class="card" aria-labelledby="sure">
    <h2 id="sure">Discard ${numbers.length === 1 ? html`letter ${numbers[0]}` : html`${numbers.length} letters`}?</h2>
    <p>What is discarded is gone for good.</p>
    <form method="post" action="/letters/discard" class="actions">
      <input type="hidden" name="${SEAL_FIELD}" value="${visitor.csrf}" /><input
        type="hidden"
        name="sure"
        value="yes"
      /><input type="hidden" name="all" value="yes" /><input
        type="hidden"
        name="page"
        value="${numbers.join(',')}"
      /><button class="danger" id="sure-discard">Discard for good</button> <a href="/letters">No</a>
    </form>
  </section>`;
  return page(pages.outline, visitor, 'Discard', body);
}

function refusal({ outline }: LetterPages, visitor: AdminRequest['visitor'], why: string): Answer {
  const body = html`<section class="card">
    <h2>Nothing was changed</h2>
    <p>${why}</p>
    <p><a href="/letters">Dead letters</a></p>
  </section>`;
  return { ...page(outline, visitor, 'Nothing was changed', body), status: 409 };
}

function progress(pages: LetterPages, { query, visitor }: AdminRequest): Answer {
  const parts = replayParts(pages.desk, query.get('name') ?? '');
  const body = html`<section class="card" aria-labelledby="replay">
    <h2 id="replay">Replay</h2>
    ${parts.map(({ id, content }) => html`<div id="part-${id}" data-part role="status" aria-live="polite">${content}</div>`)}
    <p><a href="/letters">Dead letters</a></p>
  </section>`;
  return page(pages.outline, visitor, 'Replay', body, true);
}

/** How far a replay is. Its letters go through their routes beside the messages of the source. */
export function replayParts(desk: LetterDesk, name: string): readonly Part[] {
  try {
    return [{ id: 'replay', content: replayContent(desk, name) }];
  } catch (thrown) {
    if (!(thrown instanceof SluiceError)) throw thrown;
    return [{ id: 'replay', content: html`<p class="trouble">${troubleOf(thrown)}</p>` }];
  }
}

function replayContent(desk: LetterDesk, name: string): Html {
  const { progress: all, failures } = desk.progress(name);
  const { requested, issued, done, failed } = all;
  const left = requested + issued;
  return html`<p>
      <b>${left === 0 ? 'Ended' : 'Under way'}</b>: ${done} went through, ${failed} failed again, ${left} left.
    </p>
    ${
      failures.length > 0 &&
      html`<ul>
        ${failures.map(({ number, code, text }) => html`<li><a href="/letters/${number}" id="failure-${number}">Letter ${number}</a>: ${code} ${shortened(text, LONGEST)}</li>`)}
      </ul>`
    }`;
}

function page(
  { name }: PipelineOutline,
  visitor: AdminRequest['visitor'],
  title: string,
  content: Html,
  isLive = false,
): Answer {
  const body = html`${banner(name, 'letters', visitor, undefined)}
    <main id="main">${content}</main>`;
  return document({ title: `${title}: ${name}`, body, isLive });
}
