import { bodyLines } from '../../codecs/body-lines.ts';
import type { StoredLetter } from '../../store/dead-letters/stored-letter.ts';
import { shortened } from '#kit/shortened.ts';
import { type Html, html } from '../html.ts';
import { count, moment, size, traceLink } from '../page/words.ts';
import { SEAL_FIELD } from '../visitors.ts';

export interface LetterView {
  /** The stage that changed the body before the one that refused it; the pointer then leads elsewhere. */
  readonly changedBy: string | undefined;
  readonly traceUrl: string | undefined;
  readonly seal: string | undefined;
}

const MARK = '  <-- here';
/** Of a body: the event loop that draws it is that of the messages. */
const MOST_BODY = 128 * 1024;
const MOST_HEADERS = 100;
const LONGEST_VALUE = 2000;
const LONGEST_CAUSE = 20_000;

/** One letter with its body, and the value that the schema refused. */
export function letterView(letter: StoredLetter, { changedBy, traceUrl, seal }: LetterView): Html {
  const { number, frame, code, text, cause, replay } = letter;
  const shown = beginningOf(frame.body);
  const isCut = shown !== frame.body;
  const body = bodyLines(shown, frame.contentType, changedBy === undefined && !isCut ? letter.pointer : undefined);
  const values = [...frame.headers].flatMap(([name, all]) => all.map((value) => [name, value] as const));
  return html`<section class="card" aria-labelledby="letter">
    <h2 id="letter">Letter ${number}: ${code}</h2>
    <p>${shortened(text, LONGEST_VALUE)}</p>
    ${replay !== undefined && html`<p class="quiet">replay ${replay}</p>`}
    ${seal !== undefined && actions(number, seal)}
    <dl class="numbers facts">${facts(letter, changedBy)}</dl>
    ${traceLink(traceUrl, letter.traceId)}
    ${
      cause !== undefined &&
      html`<h3>Cause</h3>
        <pre tabindex="0" role="region" aria-label="cause">${shortened(cause, LONGEST_CAUSE)}</pre>`
    }
    <h3>Headers</h3>
    ${
      frame.headers.size === 0
        ? html`<p class="quiet">none</p>`
        : html`<dl>
            ${values.slice(0, MOST_HEADERS).map(
              ([name, value]) =>
                html`<dt class="quiet">${shortened(name, LONGEST_VALUE)}</dt>
                  <dd>${shortened(value, LONGEST_VALUE)}</dd>`,
            )}
          </dl>`
    }
    ${
      values.length > MOST_HEADERS &&
      html`<p class="quiet">${count(values.length - MOST_HEADERS)} more are not shown: sluice dlq show ${number}</p>`
    }
    <h3>Body <span class="quiet">${body.kind}, ${size(frame.body?.length ?? 0)}</span></h3>
    ${isCut && html`<p class="quiet">Its first ${size(shown?.length ?? 0)} as they are. The whole body: sluice dlq show ${number}</p>`}
    <pre tabindex="0" role="region" aria-label="body">
${body.lines.map((line) => (line.endsWith(MARK) ? html`<mark>${line}</mark> ` : html`${line} `))}</pre>
  </section>`;
}

/** Ends with a whole character. */
function beginningOf(body: Uint8Array | null): Uint8Array | null {
  if (body === null || body.length <= MOST_BODY) return body;
  let end = MOST_BODY;
  while (end > MOST_BODY - 4 && ((body[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return body.subarray(0, end);
}

function facts(letter: StoredLetter, changedBy: string | undefined): readonly Html[] {
  const { pointer, frame } = letter;
  const place = pointer === '' ? 'the whole body' : pointer;
  const field = changedBy === undefined || place === undefined ? place : `${place}, in the body that ${changedBy} made`;
  const all: readonly (readonly [string, string | undefined])[] = [
    ['field', field],
    ['schema', letter.schema],
    ['stage', letter.stage],
    ['position', letter.position],
    ['route', letter.route],
    ['address', letter.address],
    ['key', letter.key],
    ['label', letter.label],
    ['tries', String(letter.attempts)],
    ['died (UTC)', inWords(letter.diedAtMs)],
    ['received (UTC)', inWords(letter.receivedAtMs)],
    ['made (UTC)', inWords(frame.timestampMs)],
    ['expires (UTC)', inWords(frame.expiresAtMs)],
    ['id', letter.id],
    ['coordinates', letter.coordinates],
    ['content type', frame.contentType],
  ];
  return all.flatMap(([name, value]) =>
    value === undefined
      ? []
      : [
          html`<div>
            <dt>${name}</dt>
            <dd>${shortened(value, LONGEST_VALUE)}</dd>
          </div>`,
        ],
  );
}

/** A header may state any time. */
function inWords(ms: number | undefined): string | undefined {
  return ms === undefined || Math.abs(ms) > 8.64e15 ? undefined : moment(new Date(ms).toISOString());
}

function actions(number: number, seal: string): Html {
  return html`<form method="post" action="/letters/replay" class="actions">
    <input type="hidden" name="${SEAL_FIELD}" value="${seal}" /><input
      type="hidden"
      name="number"
      value="${number}"
    /><button id="replay">Replay</button
    ><button id="discard" class="danger" formaction="/letters/discard">Discard</button>
  </form>`;
}
