import assert from 'node:assert/strict';
import { test } from 'node:test';
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
