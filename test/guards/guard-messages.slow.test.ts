import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from '#contract/message.ts';
import { SluiceError } from '#contract/errors.ts';
import { Guard } from '../../runtime/guards/guard.ts';
import { GuardRange } from '../../runtime/labels/guard-range.ts';
import { LabelReader } from '../../runtime/labels/wire-label.ts';
import { frameForTest } from '../harness/test-frame.ts';
import { demoPolicy } from '../labels/demo-policy.ts';
import { PREFIX, SECRET, TRACK, TRACK_LOW } from './guard-fixture.ts';
import { HIGH, LOW, SPEC } from './inspect-for-test.ts';
import { COARSE } from './guard-fixture.ts';

const LABELS = [
  SECRET,
  `${PREFIX}U;REL=*`,
  `${PREFIX}C;REL=GBR,USA`,
  `${PREFIX}TS;REL=GBR,USA`,
  `${PREFIX}S;REL=USA`,
  'SECRET',
  '',
  undefined,
];
const ACCEPTED = LABELS.slice(0, 3);
const NAMES = [
  'seclabel',
  'SECLABEL',
  'ce_seclabel',
  'traceparent',
  'tracestate',
  'msgid',
  'replayed',
  'sluice-hops',
  'priority',
  'Priority',
  'x-note',
  '',
];
const VALUES = ['flash', 'routine', 'flash ', 'FLASH', 'SIGINT', '', SECRET, `${PREFIX}U;REL=*`, '\u0000', '9'];

test('whatever stands around a body, a message that leaves has the label, the headers, the key and the body of the guard', async () => {
  const records: Readonly<Record<string, unknown>>[] = [];
  const range = new GuardRange(new LabelReader(demoPolicy()), SPEC);
  const guard = new Guard({
    spec: { ...SPEC, headers: new Map([['priority', ['flash', 'routine']]]) },
    input: HIGH,
    output: LOW,
    outputSchema: TRACK_LOW,
    pipeline: 'p',
    labels: range,
    policy: { label: 'urn:demo:ops@1', guard: 'sha-256:1' },
    idKey: Buffer.alloc(32, 7),
    audit: {
      append(record) {
        records.push(record);
        return Promise.resolve();
      },
    },
    approvals: undefined,
    elapsedMs: () => performance.now(),
    onAudit: (trouble) => assert.fail(trouble?.message),
  });
  let seed = 20261128;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
  const ids = new Map<string, string>();
  let left = 0;
  for (let at = 0; at < 20_000; at += 1) {
    const headers = new Map(
      Array.from({ length: random(6) }, () => [
        NAMES[random(NAMES.length)] ?? '',
        Array.from({ length: 1 + random(2) }, () => VALUES[random(VALUES.length)] ?? ''),
      ]),
    );
    const origin = frameForTest('high/secret-subject', Buffer.from(JSON.stringify(TRACK)), {
      headers,
      key: 'SIGINT',
      id: `id-${random(5000)}${random(9) === 0 ? '\ud800' : ''}`,
      timestampMs: 1,
      expiresAtMs: 2,
      contentType: VALUES[random(VALUES.length)],
      headerTypes: new Map([['priority', ['bytes']]]),
    });
    const label = LABELS[random(LABELS.length)];
    const message: Message = {
      id: origin.id ?? '',
      address: origin.address,
      key: origin.key,
      label,
      headers,
      body: TRACK,
      origin,
    };
    const released = await guard
      .release(message, { route: 'r', isAsItCame: () => true })
      .catch((thrown: unknown) => thrown);
    const where = `message ${at}`;
    assert.equal(records.length, at + 1, where);
    if (released instanceof SluiceError) {
      assert.equal(released.code, 'GUARD_REJECTED', where);
      assert.equal(records[at]?.['outcome'], 'reject', where);
      assert.ok(!ACCEPTED.includes(label), where);
      continue;
    }
    left += 1;
    const priority = headers.get('priority');
    const isListed = priority?.length === 1 && ['flash', 'routine'].includes(priority[0] ?? '');
    const kept = new Map(isListed ? [['priority', priority]] : []);
    const { id } = released as Message;
    assert.match(id, /^[0-9a-f]{32}$/, where);
    const expected = { address: '', key: TRACK.id, headers: kept, id };
    assert.deepEqual(
      released,
      {
        ...expected,
        label: `${PREFIX}U;REL=*`,
        body: JSON.parse(COARSE) as unknown,
        sealed: true,
        origin: {
          ...expected,
          headerTypes: undefined,
          body: Buffer.from(COARSE),
          contentType: 'application/json',
          timestampMs: undefined,
          expiresAtMs: undefined,
        },
      },
      where,
    );
    assert.equal(ids.get(message.id) ?? id, id, 'the same message has the same id');
    ids.set(message.id, id);
  }
  assert.ok(left > 5000, `${left} left`);
  assert.equal(new Set(ids.values()).size, ids.size, 'another message has another id');
});
