import { bodyLines } from '../../codecs/body-lines.ts';
import type { StoredLetter } from '../../store/dead-letters/stored-letter.ts';
import { type Html, html } from '../html.ts';
import { moment, size, traceLink } from '../page/words.ts';
import { SEAL_FIELD } from '../visitors.ts';

export interface LetterView {
  /** The stage that changed the body before the one that refused it; the pointer then leads elsewhere. */
  readonly changedBy: string | undefined;
  readonly traceUrl: string | undefined;
  readonly seal: string | undefined;
}

const MARK = '  <-- here';

/** One letter with its body, and the value that the schema refused. */
export function letterView(letter: StoredLetter, { changedBy, traceUrl, seal }: LetterView): Html {
  const { number, frame, code, text, cause, replay } = letter;
  const body = bodyLines(frame.body, frame.contentType, changedBy === undefined ? letter.pointer : undefined);
  return html`<section class="card" aria-labelledby="letter">
    <h2 id="letter">Letter ${number}: ${code}</h2>
    <p>${text}</p>
    ${replay !== undefined && html`<p class="quiet">replay ${replay}</p>`}
    ${seal !== undefined && actions(number, seal)}
    <dl class="numbers facts">${facts(letter, changedBy)}</dl>
    ${traceLink(traceUrl, letter.traceId)}
    ${
      cause !== undefined &&
      html`<h3>Cause</h3>
        <pre tabindex="0" role="region" aria-label="cause">${cause}</pre>`
    }
    <h3>Headers</h3>
    ${
      frame.headers.size === 0
        ? html`<p class="quiet">none</p>`
        : html`<dl>
            ${[...frame.headers].flatMap(([name, values]) =>
              values.map(
                (value) =>
                  html`<dt class="quiet">${name}</dt>
                    <dd>${value}</dd>`,
              ),
            )}
          </dl>`
    }
    <h3>Body <span class="quiet">${body.kind}, ${size(frame.body?.length ?? 0)}</span></h3>
    <pre tabindex="0" role="region" aria-label="body">
${body.lines.map((line) => (line.endsWith(MARK) ? html`<mark>${line}</mark> ` : html`${line} `))}</pre>
  </section>`;
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
            <dd>${value}</dd>
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
