import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MARK_HEADER, markedBody, markText, readMark } from '../../runtime/verify/mark.ts';

const mark = { run: 'a1', key: 'k0', number: 7, sentAtMs: 1_700_000_000_000 };
const headers = new Map([[MARK_HEADER, [markText(mark)]]]);
const none = new Map<string, readonly string[]>();

void test('a body is as large as was asked for, keeps what it is to hold, and is read back', () => {
  const body = markedBody(mark, { unit: 'k0' }, 400);
  assert.equal(body.length, 400);
  assert.equal((JSON.parse(Buffer.from(body).toString()) as { unit: string }).unit, 'k0');
  assert.deepEqual(readMark({ headers: none, body }, 'body'), { kind: 'whole', mark });
});

void test('every bit of mark and padding is under the checksum', () => {
  const body = Buffer.from(markedBody(mark, {}, 250));
  const from = body.indexOf('"run"');
  for (let at = from; at < body.length; at += 1) {
    const spoilt = Buffer.from(body);
    spoilt.writeUInt8(spoilt.readUInt8(at) ^ 2, at);
    assert.notEqual(readMark({ headers, body: spoilt }, 'body').kind, 'whole', `byte ${at}`);
  }
});

void test('a body of another message is found out by its header', () => {
  const body = markedBody({ ...mark, number: 8 }, {}, 200);
  const reading = readMark({ headers, body }, 'body');
  assert.equal(reading.kind, 'corrupt');
});

void test('fields that a function adds or moves are no corruption', () => {
  const made = JSON.parse(Buffer.from(markedBody(mark, {}, 200)).toString()) as object;
  const body = Buffer.from(JSON.stringify({ more: [1, 2], ...made }, undefined, 2));
  assert.equal(readMark({ headers, body }, 'body').kind, 'whole');
});

void test('without a body the header tells who it was; without both nobody does', () => {
  assert.deepEqual(readMark({ headers, body: null }, 'body'), {
    kind: 'corrupt',
    mark,
    text: 'the body holds no mark',
  });
  assert.deepEqual(readMark({ headers, body: null }, 'header'), { kind: 'whole', mark });
  assert.equal(readMark({ headers: none, body: Buffer.from('[') }, 'body').kind, 'unreadable');
  const spoilt = new Map([[MARK_HEADER, [markText(mark).replace(' 7 ', ' 8 ')]]]);
  assert.equal(readMark({ headers: spoilt, body: null }, 'header').kind, 'unreadable');
});
