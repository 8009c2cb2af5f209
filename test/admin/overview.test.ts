import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIVE_SCRIPT } from '../../runtime/admin/page/live-thread.ts';
import { partStream } from '../../runtime/admin/page/events.ts';
import { html } from '../../runtime/admin/html.ts';
import { overview, overviewParts } from '../../runtime/admin/page/overview.ts';
import type { Part } from '../../runtime/admin/page/route-parts.ts';
import { STYLE } from '../../runtime/admin/page/style.ts';
import type { Status } from '../../runtime/admin/status/status.ts';
import { routeForTest, statusForTest } from './status-for-test.ts';

const VISITOR = { by: 'anyone', csrf: 'seal' } as const;
const SETTINGS = { traceUrl: 'http://127.0.0.1:16686' };

function page(status: Status): string {
  return overview(status, SETTINGS, VISITOR).body;
}

/** What a reader sees of it. */
function words(markup: string): string {
  return markup.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
}

test('the page says without scripts what is down, why, since when, and what to do', () => {
  const text = words(page(statusForTest()));
  assert.match(text, /positions sink : BUS_AUTH wrong password since 2026-11-28 11:59:48 UTC Give the right one/);
  assert.match(text, /✖ down/);
  assert.match(page(statusForTest()), /<noscript><meta http-equiv="refresh" content="5"/);
});

test('the page draws a route from source to sink and tells every end of its messages', () => {
  const text = words(page(statusForTest()));
  for (const one of [
    'class telemetry',
    'source mqtt field',
    'sink mqtt core',
    'not connected',
    '4.0/s, p99 2.0 ms',
    'lag 12, 3.0 s',
    'latency p50 2.0 ms',
    'latency p99 40 ms',
    'accepted 20',
    'delivered 9',
    'held 5',
    'dropped 1',
    'superseded 1',
    'expired 1',
    'dead-lettered 2',
    'blocked 1',
    'retries 7',
    '5 of 64 (bound 128) room',
    '900 B of 1000 B nearly full',
    '3 dead letters , the oldest of 2026-11-28 11:00:00; since the start: SCHEMA_INVALID 3',
    'Fix the publisher.',
    'trace 01234567',
  ]) {
    assert.ok(text.includes(one), `${one}\n${text}`);
  }
});

test('what the bus does not count is not shown: no lag is better than a wrong one', () => {
  const { lagMessages: _, lagSeconds: _seconds, ...source } = routeForTest().source;
  assert.doesNotMatch(words(page(statusForTest({ routes: [routeForTest({ source })] }))), / lag /);
});

test('names and texts of strangers are text on the page, in every part of it', () => {
  const made = page(statusForTest());
  assert.equal(made.split('<script').length, 2, 'the script of the page alone');
  assert.doesNotMatch(made, /[\u202E\u001B]/);
});

test('a reader of screens is told of changes of the state, and not of every number', () => {
  const made = page(statusForTest());
  assert.equal(made.split('aria-live').length, 2);
  const spoken = (status: Status) => overviewParts(status, SETTINGS).find(({ id }) => id === 'why')?.content.text;
  const later = statusForTest({ at: '2026-11-28T12:00:09.000Z', routes: [routeForTest({ why: ['for 21 s'] })] });
  assert.equal(spoken(statusForTest()), spoken(later));
});

test('page, style and script of two routes are under 60 kB together, and ask for nothing elsewhere', () => {
  const made = page(statusForTest({ routes: [routeForTest(), routeForTest({ name: 'orders' })] }));
  assert.ok(made.length + STYLE.length + LIVE_SCRIPT.length < 60_000);
  assert.doesNotMatch(STYLE + LIVE_SCRIPT, /https?:|@import|url\(/);
  assert.deepEqual(made.match(/(?:src|href)="(?!\/|#|http:\/\/127\.0\.0\.1:16686\/trace)[^"]*"/g), null);
  assert.doesNotMatch(made, / style=| on\w+=/, 'the policy of the page forbids both');
});

test('the stream sends every part once, and then the parts that have changed', () => {
  const sent: { id: string; html: string; title?: string }[] = [];
  let parts: readonly Part[] = [
    { id: 'state', content: html`ok` },
    { id: 'errors', content: html`none` },
  ];
  let listener = (): void => assert.fail('nobody listens');
  const stream = partStream(
    () => parts,
    (heard) => {
      listener = heard;
      return () => (listener = () => {});
    },
    () => 'p: ok',
  );
  let isBehind = false;
  const end = stream.begin(
    (text) => {
      for (const one of text.trim().split('\n\n')) {
        sent.push(JSON.parse(one.replace(/^data: /, '')) as (typeof sent)[number]);
      }
    },
    { isBehind: () => isBehind, fail: () => assert.fail('it goes on') },
  );
  listener();
  parts = [
    { id: 'state', content: html`ok` },
    { id: 'errors', content: html`one` },
  ];
  isBehind = true;
  listener();
  assert.equal(sent.length, 2, 'to a reader that is behind nothing is sent, and nothing is kept from it later');
  isBehind = false;
  listener();
  end();
  assert.deepEqual(sent, [
    { id: 'state', html: 'ok', title: 'p: ok' },
    { id: 'errors', html: 'none' },
    { id: 'errors', html: 'one' },
  ]);
});
