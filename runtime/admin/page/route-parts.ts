import { type Html, html } from '../html.ts';
import type { EndStatus, RouteStatus, WindowStatus } from '../status/status.ts';
import { sparkline } from './sparkline.ts';
import { badge, count, moment, perSecond, size, time } from './words.ts';

/** Part of a page that is replaced as a whole when it has changed. */
export interface Part {
  readonly id: string;
  readonly content: Html;
}

/** A route in three parts: what changes at each look, what changes every five seconds, and what hardly changes. */
export function routeParts(route: RouteStatus): readonly Part[] {
  const { name } = route;
  return [
    { id: `${name}-head`, content: head(route) },
    { id: `${name}-flow`, content: flow(route) },
    { id: `${name}-numbers`, content: numbers(route) },
    { id: `${name}-history`, content: history(route) },
  ];
}

function head({ name, class: traffic, state, why }: RouteStatus): Html {
  return html`<h2>${name} ${badge(state)}</h2>
    <p class="quiet">class ${traffic}</p>
    ${
      why.length > 0 &&
      html`<ul class="why ${state}">
        ${why.map((one) => html`<li>${one}</li>`)}
      </ul>`
    }`;
}

/** The route as the file has it: source, stages, sinks. */
function flow({ source, stages, sinks, rates }: RouteStatus): Html {
  return html`<ol class="flow" aria-label="from source to sink">
    ${end('source', source, perSecond(rates.accepted))}
    ${stages.map(({ name, rate, p99Seconds }) => {
      const [kind = '', ...rest] = name.split(' ');
      const slow = p99Seconds === undefined ? '' : `, p99 ${time(p99Seconds)}`;
      return html`<li class="stage">
        <span class="kind">${kind}</span> <b>${rest.join(' ')}</b><span class="rate">${perSecond(rate)}${slow}</span>
      </li>`;
    })}
    ${sinks.map((sink) => {
      const { confirmP99Seconds: slow } = sink;
      return end('sink', sink, `${perSecond(sink.rate)}${slow === undefined ? '' : `, p99 ${time(slow)}`}`);
    })}
  </ol>`;
}

function end(kind: string, { connection, bus, address, isConnected, suspended }: EndStatus, rate: string): Html {
  const state = isConnected ? (suspended === undefined ? 'ok' : 'degraded') : 'down';
  const word = isConnected ? (suspended ?? 'connected') : 'not connected';
  return html`<li class="end ${state}">
    <span class="kind">${kind} ${bus}</span> <b>${connection}</b><span class="address">${address}</span
    ><span class="rate">${rate}</span><span class="word">${word}</span>
  </li>`;
}

function numbers(route: RouteStatus): Html {
  const { counts, rates, latency, window, spool, deadLetters, oldestSeconds, source } = route;
  if (counts === undefined) return html`<p class="quiet">The route has not begun to run.</p>`;
  const { lagMessages, lagSeconds } = source;
  const lag = [
    ...(lagMessages === undefined ? [] : [count(lagMessages)]),
    ...(lagSeconds === undefined ? [] : [time(lagSeconds)]),
  ].join(', ');
  const codes = Object.entries(deadLetters?.byCode ?? {});
  return html`${window !== undefined && bars(window)}
    <dl class="numbers">
      ${fact('in', perSecond(rates.accepted))} ${fact('out', perSecond(rates.delivered))}
      ${lag !== '' && fact('lag', lag)} ${latency !== undefined && fact('latency p50', time(latency.p50Seconds))}
      ${latency !== undefined && fact('latency p99', time(latency.p99Seconds))}
      ${oldestSeconds !== undefined && fact('oldest held', time(oldestSeconds))}
      ${fact('accepted', count(counts.accepted))} ${fact('delivered', count(counts.delivered))}
      ${fact('held', count(counts.held))} ${fact('dropped', count(counts.dropped))}
      ${fact('superseded', count(counts.superseded))} ${fact('expired', count(counts.expired), counts.expired > 0)}
      ${fact('dead-lettered', count(counts.deadLettered), counts.deadLettered > 0)}
      ${fact('blocked', count(counts.blocked), counts.blocked > 0)}
      ${fact('retries', count(counts.retries), rates.retries > 0)}
      ${spool !== undefined && fact('spool', `${count(spool.messages)}, ${size(spool.bytes)}, ${time(spool.oldestSeconds)}`, spool.isFull)}
    </dl>
    ${
      deadLetters !== undefined &&
      (deadLetters.stored > 0 || codes.length > 0) &&
      html`<p>
        <a id="${route.name}-letters" href="/letters?route=${route.name}">${count(deadLetters.stored)} dead letters</a
        >${deadLetters.oldestAt !== undefined && html`, the oldest of ${moment(deadLetters.oldestAt)}`}${codes.length > 0 && html`; since the start: ${codes.map(([code, many]) => `${code} ${many}`).join(', ')}`}
      </p>`
    }`;
}

function fact(name: string, value: string, isMarked = false): Html {
  return html`<div${isMarked && html` class="marked"`}><dt>${name}</dt><dd>${value}</dd></div>`;
}

/** Green, yellow, red, and the same in words. */
function bars({ messages, messageLimit, mostMessages, bytes, byteLimit, isPaused }: WindowStatus): Html {
  const pause = isPaused ? ', full: the source is not read' : '';
  const bound = messageLimit === mostMessages ? '' : ` (bound ${count(mostMessages)})`;
  return html`<div class="bars">
    ${bar('window, messages', messages, messageLimit, `${count(messages)} of ${count(messageLimit)}${bound}${pause}`)}
    ${bar('window, bytes', bytes, byteLimit, `${size(bytes)} of ${size(byteLimit)}`)}
  </div>`;
}

function bar(name: string, value: number, limit: number, words: string): Html {
  const share = limit === 0 ? 0 : Math.min(1, value / limit);
  const level = share >= 0.95 ? 'full' : share >= 0.7 ? 'nearly full' : 'room';
  return html`<div class="bar">
    <span>${name}</span
    ><meter min="0" max="100" low="70" high="95" optimum="0" value="${Math.round(share * 100)}" aria-label="${name}">
      ${words}</meter
    ><span>${words} <span class="quiet">${level}</span></span>
  </div>`;
}

function history({ history: { accepted, delivered, held, deadLettered } }: RouteStatus): Html {
  return html`<div class="sparks">
    ${sparkline('in', accepted, '/s')} ${sparkline('out', delivered, '/s')} ${sparkline('held', held, '')}
    ${sparkline('ended badly', deadLettered, ' in 5 s')}
  </div>`;
}
