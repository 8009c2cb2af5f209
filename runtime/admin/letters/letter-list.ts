import { shortened } from '#kit/shortened.ts';
import { type Html, html } from '../html.ts';
import type { LetterSummary } from '../../store/dead-letters/stored-letter.ts';
import { moment, traceLink } from '../page/words.ts';
import { SEAL_FIELD } from '../visitors.ts';

/** A key may be as long as a body. */
const LONGEST = 300;

export interface ListView {
  readonly letters: readonly LetterSummary[];
  readonly traceUrl: string | undefined;
  /** Of the visitor, where the page may write. */
  readonly seal: string | undefined;
}

/** A table, and within its form where letters can be chosen. */
export function letterTable({ letters, traceUrl, seal }: ListView): Html {
  if (letters.length === 0) return html`<p>There are no such letters.</p>`;
  const table = html`<div class="table" role="region" aria-label="table of letters" tabindex="0">
    <table>
      <thead>
        <tr>
          ${seal !== undefined && html`<th scope="col"><span class="hidden">choose</span></th>`}
          <th scope="col">number</th>
          <th scope="col">died (UTC)</th>
          <th scope="col">route</th>
          <th scope="col">code</th>
          <th scope="col">field</th>
          <th scope="col">key</th>
          <th scope="col">tries</th>
          <th scope="col">text</th>
        </tr>
      </thead>
      <tbody>
        ${letters.map((letter) => row(letter, traceUrl, seal !== undefined))}
      </tbody>
    </table>
  </div>`;
  if (seal === undefined)
    return html`${table}
      <p class="quiet">
        To replay or discard letters here, start the pipeline with --admin-write; or use sluice dlq.
      </p>`;
  return html`<form method="post" action="/letters/replay">
    <input type="hidden" name="${SEAL_FIELD}" value="${seal}" />
    <input type="hidden" name="page" value="${letters.map(({ number }) => number).join(',')}" />
    ${table}
    <div class="actions">
      <label><input type="checkbox" name="all" value="yes" /> all ${letters.length} on this page</label>
      <button id="replay">Replay</button
      ><button id="discard" class="danger" formaction="/letters/discard">Discard</button>
    </div>
  </form>`;
}

function row(letter: LetterSummary, traceUrl: string | undefined, isWritable: boolean): Html {
  const { number, diedAtMs, route, code, pointer, key, attempts, text, replay, traceId } = letter;
  const state = replay === undefined ? undefined : html` <span class="quiet">replay ${replay}</span>`;
  return html`<tr>
    ${isWritable && html`<td><input type="checkbox" name="number" value="${number}" aria-label="letter ${number}" /></td>`}
    <td class="figure"><a href="/letters/${number}">${number}</a></td>
    <td class="figure">${moment(new Date(diedAtMs).toISOString())}</td>
    <td class="code">${route}</td>
    <td class="code">${code}${state}</td>
    <td>${pointer === '' ? 'the whole body' : short(pointer)}</td>
    <td>${short(key)}</td>
    <td class="figure">${attempts}</td>
    <td>${short(text)} ${traceLink(traceUrl, traceId)}</td>
  </tr>`;
}

function short(text: string | undefined): string | undefined {
  return text === undefined ? undefined : shortened(text, LONGEST);
}

/** The numbers that a form names: those chosen, or all of its page. */
export function chosen(form: URLSearchParams): readonly number[] {
  const texts = form.get('all') === 'yes' ? (form.get('page') ?? '').split(',') : form.getAll('number');
  return texts.filter((text) => /^\d{1,15}$/.test(text)).map(Number);
}
