import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '#contract/errors.ts';
import type { CheckLine } from '../../runtime/contract/doctor.ts';
import { failureLine } from '../../runtime/host/doctor/failure-line.ts';
import { machineLines } from '../../runtime/host/doctor/machine-checks.ts';
import type { MachineFacts } from '../../runtime/host/doctor/machine-facts.ts';
import { shown } from './shown.ts';

const MACHINE: MachineFacts = {
  node: '24.3.0',
  nowMs: Date.parse('2026-11-28'),
  openFiles: 1024,
  connections: 2,
  folders: [
    {
      path: '/state',
      use: 'state',
      existing: '/state',
      refusal: undefined,
      freeBytes: 2 ** 33,
      neededBytes: 2 ** 32,
      fileSystem: 0xef53,
    },
  ],
};

test('the machine: Node without maintenance, few files, no rights, memory, network and a full disk are found', () => {
  const wrong = (facts: object, folder: object = {}): readonly string[] => {
    const folders = MACHINE.folders.map((one) => ({ ...one, ...folder }));
    return shown(machineLines({ ...MACHINE, folders, ...facts })).filter((line) => !line.startsWith('ok'));
  };
  assert.deepEqual(wrong({}), []);
  assert.deepEqual(wrong({ node: '25.1.0' }), ['warning NODE_VERSION']);
  assert.deepEqual(wrong({ openFiles: 100 }), ['warning FILE_DESCRIPTORS']);
  assert.deepEqual(wrong({}, { refusal: 'EROFS' }), ['error STATE_FOLDER']);
  for (const fileSystem of [0x01021994, 0x6969, 0xff534d42, 0x794c7630])
    assert.deepEqual(wrong({}, { fileSystem }), ['warning STATE_FILE_SYSTEM']);
  assert.deepEqual(wrong({}, { freeBytes: 2 ** 31 }), ['warning STATE_DISK']);
  assert.deepEqual(wrong({}, { freeBytes: 2 ** 20 }), ['error STATE_DISK']);
});

test('a connection that fails says which option of the pipeline file to write', () => {
  const failed = {
    connection: 'field',
    options: { url: 'mqtt://x', username: 'u' },
    timeoutMs: 5000,
    isReached: false,
  };
  const of = (code: 'BUS_AUTH' | 'BUS_TLS' | 'BUS_PROTOCOL' | 'BUS_UNREACHABLE', text: string): CheckLine =>
    failureLine(failed, new SluiceError(code, text));
  assert.match(of('BUS_AUTH', 'no').write ?? '', /^buses\.field: .*username/);
  assert.equal(of('BUS_AUTH', 'no').code, 'IDENTITY');
  assert.match(
    of('BUS_TLS', "the server's certificate is not trusted").write ?? '',
    /^buses\.field\.tls: \{ ca: file:/,
  );
  assert.match(of('BUS_PROTOCOL', 'no').write ?? '', /^buses\.field\.url with the port/);
  assert.match(of('BUS_UNREACHABLE', 'the connection is refused').write ?? '', /start the server/);
  assert.match(failureLine(failed, undefined).found, /within 5000 ms/);
});
