import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadForSink, loadForSource } from '../../../runtime/buses/mqtt/client/library.ts';

for (const [end, load] of [
  ['source', loadForSource],
  ['sink', loadForSink],
] as const) {
  test(`a proxy that no pipeline file shows is refused by name: ${end}`, async (t) => {
    const before = process.env['MQTTJS_SOCKS_PROXY'];
    t.after(() => {
      if (before === undefined) delete process.env['MQTTJS_SOCKS_PROXY'];
      else process.env['MQTTJS_SOCKS_PROXY'] = before;
    });
    process.env['MQTTJS_SOCKS_PROXY'] = 'socks5://127.0.0.1:1080';
    for (const url of ['mqtt://localhost', 'mqtts://localhost', 'wss://localhost']) {
      await assert.rejects(load(url), { code: 'BUS_SETTING', message: /MQTTJS_SOCKS_PROXY/ });
    }
    process.env['MQTTJS_SOCKS_PROXY'] = '';
    await load('mqtt://localhost');
  });
}
