import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBinary, writeBinary } from '../../runtime/codecs/cloudevents/binary-mode.ts';
import { readStructured, writeStructured } from '../../runtime/codecs/cloudevents/structured-mode.ts';
import { frameForTest } from '../harness/test-frame.ts';

test('a structured event has each member once, whatever headers came: of two labels the one of the runtime', () => {
  const headers = new Map(
    Object.entries({
      'ce-id': 'e1',
      'ce-source': 's',
      'ce-type': 't',
      'ce-data': 'forged',
      'ce-seclabel': '1;p=urn:demo:ops;c=U',
      'ce-sluicehops': '0',
      'ce-expirytime': '2099-01-01T00:00:00Z',
      seclabel: '1;p=urn:demo:ops;c=S',
      'sluice-hops': '3',
    }).map(([name, text]) => [name, [text]] as const),
  );
  for (const body of [Buffer.from('{"n":1}'), Buffer.alloc(0)]) {
    const frame = frameForTest('a', body, { headers, contentType: 'application/json' });
    const written = writeStructured(frame, { keepsId: true });
    const text = Buffer.from(written.body ?? []).toString();
    const members = [...text.matchAll(/"([a-z]+)":/g)].map(([, name]) => name).filter((name) => name !== 'n');
    assert.equal(new Set(members).size, members.length, text);
    assert.ok(!text.includes('forged'), text);
    const read = readStructured(written);
    assert.deepEqual(
      [read.headers.get('seclabel'), read.headers.get('sluice-hops'), read.expiresAtMs],
      [['1;p=urn:demo:ops;c=S'], ['3'], undefined],
    );
    assert.equal(Buffer.from(read.body ?? []).toString(), body.toString());
  }
});

const NATS = { prefix: 'ce-', isPercentEncoded: true, spellsContentType: true };

function headersOf(attributes: object): Map<string, readonly string[]> {
  const all = { specversion: '1.0', id: 'e1', source: '/s', type: 't', ...attributes };
  return new Map(Object.entries(all).map(([name, value]) => [`ce-${name}`, [value]]));
}

test('a percent-encoded attribute is read as HTTP has it, in quotes too, and each text comes back', () => {
  for (const [written, text] of [
    ['Euro%20%E2%82%AC%20%F0%9F%98%80', 'Euro € 😀'],
    ['"a b"', 'a b'],
    [String.raw`"a\"%22\\b"`, String.raw`a""\b`],
    ['"', '"'],
    ['a"b"', 'a"b"'],
    ['100%', '100%'],
    ['%ff', '%ff'],
  ] as const) {
    const frame = frameForTest('a', 'x', { headers: headersOf({ subject: written }) });
    const read = readBinary(frame, NATS);
    assert.deepEqual(read.headers.get('ce-subject'), [text], written);
    const again = readBinary(writeBinary(read, NATS, { keepsId: true }), NATS);
    assert.deepEqual(again.headers.get('ce-subject'), [text], written);
  }
});

test('data that is null is JSON null, of another content type no data, and none beside data_base64', () => {
  const event = { specversion: '1.0', id: 'e1', source: '/s', type: 't' };
  for (const [more, body] of [
    [{ data: null }, 'null'],
    [{ datacontenttype: 'application/json', data: null }, 'null'],
    [{ datacontenttype: 'text/plain', data: null }, ''],
    [{ data: null, data_base64: 'aGk=' }, 'hi'],
    [{ data: 1, data_base64: null }, '1'],
  ] as const) {
    const read = readStructured(frameForTest('a', JSON.stringify({ ...event, ...more })));
    assert.equal(Buffer.from(read.body ?? []).toString(), body, JSON.stringify(more));
  }
});
