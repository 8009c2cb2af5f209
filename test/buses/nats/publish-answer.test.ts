import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPublishAck } from '../../../runtime/buses/nats/jetstream/publish-ack.ts';

test('only a stream and a sequence confirm', () => {
  assert.deepEqual(readPublishAck('{"stream":"S","seq":7}', undefined), { receipt: 'confirmed' });
  assert.deepEqual(readPublishAck('{"stream":"S", "seq":7}', undefined), { receipt: 'confirmed' });
  assert.deepEqual(readPublishAck('{"stream":"S","domain":"hub","seq":7}', undefined), { receipt: 'confirmed' });
  assert.deepEqual(readPublishAck('{"stream":"S","seq":7,"batch":"b","count":1}', undefined), { receipt: 'confirmed' });
  assert.deepEqual(readPublishAck('{"stream":"S","seq":7,"duplicate":true}', undefined), { receipt: 'duplicate' });
});

for (const [body, status] of [
  ['', 'NATS/1.0 503\r\n\r\n'],
  ['', undefined],
  ['{}', undefined],
  ['{"stream":"S","seq":0}', undefined],
  ['{"stream":"S"}', undefined],
  ['+OK', undefined],
  ['{"stream":"S","seq":7', undefined],
  ['{"stream":"S","seq":7,"error":{"code":500,"err_code":1,"description":"no"}}', undefined],
  ['null', undefined],
] as const) {
  test(`${JSON.stringify(body)} with ${JSON.stringify(status)} is no acknowledgement`, () => {
    assert.ok('code' in readPublishAck(body, status));
  });
}

for (const [number, description, code] of [
  [10_077, 'maximum messages exceeded', 'SINK_DOWN'],
  [10_077, 'maximum bytes exceeded', 'SINK_DOWN'],
  [10_077, 'maximum messages per subject exceeded', 'SINK_FAILED'],
  [10_047, 'insufficient storage resources available', 'SINK_DOWN'],
  [10_054, 'message size exceeds maximum allowed', 'SINK_TOO_LARGE'],
  [10_060, 'expected stream does not match', 'SINK_REFUSED'],
  [10_059, 'stream not found', 'SINK_DOWN'],
  [10_999, 'something new', 'SINK_FAILED'],
] as const) {
  test(`error ${number} (${description}) is ${code}`, () => {
    const answer = readPublishAck(
      JSON.stringify({ error: { code: 400, err_code: number, description }, stream: 'S', seq: 0 }),
      undefined,
    );
    assert.partialDeepStrictEqual(answer, { code });
  });
}
