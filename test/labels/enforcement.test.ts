import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Frame } from '#contract/frame.ts';
import { memoryHub } from '../../runtime/buses/memory/hub.ts';
import { type MemoryRun, type MemoryRunSettings, startMemoryRun } from '../host/memory-run.ts';
import { ASSUMING_FILE } from './demo-policy.ts';

const PREFIX = '1;p=urn:demo:ops;c=';
const FILES = { 'schemas/ops.policy.json': ASSUMING_FILE };
const SECRET = `${PREFIX}S;REL=GBR,USA`;

function labelled(label: string, more: Readonly<Record<string, readonly string[]>> = {}): Partial<Frame> {
  return { headers: new Map([['seclabel', [label]], ...Object.entries(more)]) };
}

async function startLabelled({ files, hub, ...settings }: MemoryRunSettings = {}): Promise<MemoryRun> {
  return startMemoryRun({
    file: { labels: 'ops' },
    files: { ...FILES, ...files },
    hub: { ceiling: 'S;REL=GBR,USA', ...hub },
    ...settings,
  });
}

function labelOf({ headers }: Frame): readonly string[] | undefined {
  return headers.get('seclabel');
}

const RAISING = {
  files: {
    'functions/f.ts': `import { emit } from 'sluice';
export default (body, context) => {
  for (const by of [body.raise ?? []].flat()) context.raise(by);
  return emit(body, context.label);
};`,
  },
};

test('what leaves has the canonical label, and no other statement of one', async () => {
  await using run = await startLabelled();
  await run.publish(
    'a',
    '{}',
    labelled(`${PREFIX}S;REL=FVEY;t=2026-11-20T18:05:42Z`, { seclabelsig: ['x'], ce_id: ['1'] }),
  );
  const [frame] = await run.take(1);
  assert.ok(frame);
  assert.deepEqual(labelOf(frame), [`${PREFIX}S;REL=AUS,CAN,GBR,NZL,USA`]);
  assert.equal(frame.headers.has('seclabelsig'), false);
  assert.deepEqual(frame.headers.get('ce_id'), ['1']);
});

test('a message whose label is missing, wrong or outside of the range of its source is blocked, and settled with its record', async () => {
  await using run = await startLabelled({ hub: { floor: 'R;REL=*' } });
  const wrong: readonly (readonly [string, Partial<Frame>])[] = [
    ['LABEL_MISSING', {}],
    ['LABEL_DUPLICATE', { headers: new Map([['seclabel', [SECRET, SECRET]]]) }],
    ['LABEL_MALFORMED', labelled(`${PREFIX}S; REL=USA`)],
    ['LABEL_VERSION', labelled('SECRET//NOFORN')],
    ['LABEL_POLICY_UNKNOWN', labelled('1;p=urn:other:x;c=S')],
    ['LABEL_CLASS_UNKNOWN', labelled(`${PREFIX}SECRET`)],
    ['LABEL_CATEGORY_UNKNOWN', labelled(`${PREFIX}S;FOO=BAR`)],
    ['LABEL_VALUE_UNKNOWN', labelled(`${PREFIX}S;REL=gbr`)],
    ['LABEL_RULE', labelled(`${PREFIX}R;SCD=ATOMAL;REL=GBR,USA`)],
    ['LABEL_CONFLICT', labelled(SECRET, { ce_seclabel: [`${PREFIX}U`] })],
    ['LABEL_ABOVE_SOURCE', labelled(`${PREFIX}TS;REL=GBR,USA`)],
    ['LABEL_ABOVE_SOURCE', labelled(`${PREFIX}S;REL=USA`)],
    ['LABEL_BELOW_SOURCE', labelled(`${PREFIX}U`)],
  ];
  for (const [, more] of wrong) await run.publish('a', '{"secret":1}', more);
  await run.publish('b', '{}', labelled(SECRET));
  assert.deepEqual(
    (await run.take(1)).map(({ address }) => address),
    ['out/b'],
  );
  const { accepted, delivered, blocked, deadLettered } = await run.rest(wrong.length + 1);
  assert.deepEqual(
    { accepted, delivered, blocked, deadLettered },
    { accepted: 14, delivered: 1, blocked: 13, deadLettered: 0 },
  );
  const letters = run.letters();
  assert.deepEqual(
    letters.map(({ code }) => code),
    wrong.map(([code]) => code),
  );
  // What the label says is known where it is a label.
  assert.deepEqual(
    letters.slice(-3).map(({ label }) => label),
    [`${PREFIX}TS;REL=GBR,USA`, `${PREFIX}S;REL=USA`, `${PREFIX}U;REL=*`],
  );
  assert.ok(letters.slice(0, -3).every(({ label }) => label === null));
});

test('the label of the CloudEvents attribute alone is the label', async () => {
  await using run = await startLabelled();
  for (const name of ['ce-seclabel', 'ce_seclabel', 'cloudEvents:seclabel', 'cloudEvents_seclabel', 'Ce-SecLabel']) {
    await run.publish('a', '{}', { headers: new Map([[name, [SECRET]]]) });
  }
  for (const frame of await run.take(5))
    assert.deepEqual(
      [...frame.headers.keys()].filter((name) => /label/.test(name)),
      ['seclabel'],
    );
});

test('a message without a label has the assumed one, which is counted and said once', async () => {
  await using run = await startLabelled({ from: { missingLabel: 'S;REL=FVEY' } });
  await run.publish('a', '{}');
  await run.publish('a', '{}');
  await run.publish('a', '{}', labelled(SECRET));
  assert.deepEqual((await run.take(3)).map(labelOf), [
    [`${PREFIX}S;REL=AUS,CAN,GBR,NZL,USA`],
    [`${PREFIX}S;REL=AUS,CAN,GBR,NZL,USA`],
    [SECRET],
  ]);
  assert.equal((await run.rest(3)).labelsAssumed, 2);
  assert.equal(run.said.filter(({ event }) => event === 'label-assumed').length, 1);
});

test('a message without a label that is refused has no assumed one: none is counted or said', async () => {
  await using run = await startLabelled({});
  await run.publish('a', '{}');
  const { blocked, labelsAssumed } = await run.rest(1);
  assert.deepEqual({ blocked, labelsAssumed }, { blocked: 1, labelsAssumed: 0 });
  assert.equal(
    run.said.some(({ event }) => event === 'label-assumed'),
    false,
  );
});

for (const isolate of ['none', 'worker'] as const) {
  test(`a function raises the label of all its results and sees its own, isolate: ${isolate}`, async () => {
    await using run = await startLabelled({ ...RAISING, stages: [{ function: 'f', isolate }] });
    await run.publish('a', '{"raise":["C;REL=*","U;REL=GBR,FRA,USA"]}', labelled(`${PREFIX}R;REL=FVEY`));
    const frames = await run.take(2);
    assert.deepEqual(frames.map(labelOf), [[`${PREFIX}C;REL=GBR,USA`], [`${PREFIX}C;REL=GBR,USA`]]);
    assert.equal(Buffer.from(frames[1]?.body ?? []).toString(), JSON.stringify(`${PREFIX}R;REL=AUS,CAN,GBR,NZL,USA`));
  });

  test(`what a function raises above the sink, or by no label, is blocked as a whole, isolate: ${isolate}`, async () => {
    await using run = await startLabelled({ ...RAISING, stages: [{ function: 'f', isolate }] });
    const raised = [['TS'], ['S;SCD=CRYPTO'], ['SECRET'], [''], [null], [`1;p=urn:other:x;c=S`]];
    for (const raise of raised) await run.publish('a', JSON.stringify({ raise }), labelled(SECRET));
    const { blocked, sent, retries } = await run.rest(raised.length);
    assert.deepEqual({ blocked, sent, retries }, { blocked: raised.length, sent: 0, retries: 0 });
    // Where the raise is a label, the record has it: its text tells of it.
    assert.deepEqual(
      run.letters().map(({ code, label }) => [code, label]),
      [
        ['LABEL_DENIED', `${PREFIX}TS;REL=USA`],
        ['LABEL_DENIED', `${PREFIX}S;REL=USA;SCD=CRYPTO`],
        // Nobody can tell which label was meant.
        ['LABEL_CLASS_UNKNOWN', null],
        ['LABEL_MALFORMED', null],
        ['LABEL_MALFORMED', null],
        ['LABEL_POLICY_UNKNOWN', null],
      ],
    );
    // The fault is the function's, and no publisher's.
    const [unknown] = run.letters().filter(({ code }) => code === 'LABEL_CLASS_UNKNOWN');
    assert.match(String(unknown?.text), /^context\.raise: expected a classification of policy urn:demo:ops/);
    assert.equal(unknown?.stage, 'function f');
  });
}

test('labels that share no reader are joined to one that nobody may read, which is said once', async () => {
  await using run = await startLabelled({ ...RAISING, stages: [{ function: 'f' }] });
  for (let count = 0; count < 2; count += 1) {
    await run.publish('a', '{"raise":["U;REL=FRA"]}', labelled(`${PREFIX}R;REL=FVEY`));
  }
  await run.rest(2);
  assert.deepEqual(
    run.letters().map(({ code }) => code),
    ['LABEL_DENIED', 'LABEL_DENIED'],
  );
  assert.equal(run.said.filter(({ event }) => event === 'label-empty-audience').length, 1);
});

test('a function cannot raise in a file without a policy: the message is a dead letter', async () => {
  await using run = await startMemoryRun({ ...RAISING, stages: [{ function: 'f' }] });
  await run.publish('a', '{"raise":["TS"]}', labelled(SECRET));
  const { deadLettered, blocked } = await run.rest(1);
  assert.deepEqual(
    { deadLettered, blocked, code: run.letters()[0]?.['code'] },
    { deadLettered: 1, blocked: 0, code: 'LABEL_NO_POLICY' },
  );
});

test('dead letters go to their bus with the label that they were judged by, and stay here where it may not hold them', async () => {
  await using run = await startLabelled({
    ...RAISING,
    stages: [{ function: 'f' }],
    from: { missingLabel: 'C;REL=FVEY' },
    buses: { dead: { bus: 'memory', hub: 'dead-letters-of-labels', ceiling: 'S;REL=GBR,USA' } },
    route: { deadLetter: { bus: 'dead', address: 'dead/{address.1}' } },
  });
  const dead = memoryHub('dead-letters-of-labels').subscribe('test', ['dead/#']);
  await run.publish('a', 'no json');
  await run.publish('a', '{"raise":"TS"}', labelled(SECRET));
  await run.publish('a', '{}', labelled(`${PREFIX}TS;REL=GBR,USA`));
  await run.publish('a', '{}', labelled('SECRET'));
  const { blocked, deadLettered } = await run.rest(4);
  assert.deepEqual({ blocked, deadLettered }, { blocked: 3, deadLettered: 1 });
  const sent = await dead.read({ messages: 10, bytes: 1e6 }, AbortSignal.timeout(1000));
  assert.deepEqual(
    sent.map(({ frame }) => [frame.headers.get('sluice-error-code'), labelOf(frame)]),
    [[['DECODE_FAILED'], [`${PREFIX}C;REL=AUS,CAN,GBR,NZL,USA`]]],
  );
  assert.deepEqual(
    run.letters().map(({ code }) => code),
    ['LABEL_DENIED', 'LABEL_ABOVE_SOURCE', 'LABEL_VERSION'],
  );
});

test('a message that a function raises by no label has none: its dead letter stays in the state folder', async () => {
  for (const isolate of ['none', 'worker']) {
    await using run = await startLabelled({
      files: {
        'functions/f.ts': `export default (body, context) => {
  context.raise('SECRT');
  if (body.throws) throw new Error('agent at 51.5N');
  return body;
};`,
      },
      stages: [{ function: 'f', isolate }],
      buses: { dead: { bus: 'memory', hub: `slips-${isolate}`, ceiling: 'S;REL=GBR,USA' } },
      route: { deadLetter: { bus: 'dead', address: 'dead' }, retry: { attempts: 1 } },
    });
    const dead = memoryHub(`slips-${isolate}`).subscribe('test', ['dead']);
    for (const throws of [true, false]) await run.publish('a', JSON.stringify({ throws }), labelled(`${PREFIX}U`));
    assert.equal((await run.rest(2)).blocked, 2);
    assert.deepEqual(
      run.letters().map(({ code, label }) => [code, label]),
      Array.from({ length: 2 }, () => ['LABEL_CLASS_UNKNOWN', null]),
    );
    assert.deepEqual(await dead.read({ messages: 1, bytes: 1e6 }, AbortSignal.timeout(50)), []);
  }
});

test('what a failure tells of a raised label is that label: it does not go where that may not be', async () => {
  for (const isolate of ['none', 'worker']) {
    await using run = await startLabelled({
      files: {
        'functions/f.ts': `import { reject } from 'sluice';
export default (body, context) => {
  context.raise('TS;SCD=CRYPTO');
  if (body.how === 'throw') throw new Error('agent at 51.5N');
  return body.how === 'reject' ? reject('agent at 51.5N') : { agent: 1 };
};`,
        'schemas/s.v1.json': { type: 'object', additionalProperties: false, properties: {} },
      },
      stages: [{ function: 'f', isolate }, { validate: 's.v1' }],
      buses: { dead: { bus: 'memory', hub: `dead-${isolate}`, ceiling: 'S;REL=GBR,USA' } },
      route: { deadLetter: { bus: 'dead', address: 'dead' }, retry: { attempts: 1 } },
    });
    const dead = memoryHub(`dead-${isolate}`).subscribe('test', ['dead']);
    for (const how of ['throw', 'reject', 'invalid']) {
      await run.publish('a', JSON.stringify({ how }), labelled(`${PREFIX}U`));
    }
    const { deadLettered } = await run.rest(3);
    assert.equal(deadLettered, 3);
    assert.deepEqual(
      run.letters().map(({ code, label }) => [code, label]),
      ['TRANSFORM_THREW', 'TRANSFORM_REJECTED', 'SCHEMA_INVALID'].map((code) => [
        code,
        `${PREFIX}TS;REL=USA;SCD=CRYPTO`,
      ]),
    );
    assert.deepEqual(await dead.read({ messages: 1, bytes: 1e6 }, AbortSignal.timeout(50)), []);
  }
});

test('a header type of a label that came does not make another of the label that leaves', async () => {
  await using run = await startLabelled();
  const headers = new Map([
    ['seclabel', [SECRET]],
    ['seclabelsig', ['eA==']],
  ]);
  await run.publish('a', '{}', { headers, headerTypes: new Map([['seclabelsig', ['bytes']]]) });
  const [frame] = await run.take(1);
  assert.equal(frame?.headerTypes?.has('seclabelsig') ?? false, false);
});

test('an event whose label is in its body has no assumed one', async () => {
  await using run = await startLabelled({ from: { missingLabel: 'U;REL=*' } });
  await run.publish('a', '{}', { contentType: 'application/cloudevents+json' });
  await run.rest(1);
  assert.equal(run.letters()[0]?.['code'], 'LABEL_CONFLICT');
});

test('an expression sees the label: its classification, and who may read', async () => {
  await using run = await startLabelled({
    stages: [{ filter: "label.class == 'S' && label.has('REL', 'GBR') || label.has('REL', 'FRA')" }],
  });
  const all = ['S;REL=FVEY', 'C;REL=FVEY', 'R;REL=*'];
  for (const [at, label] of all.entries()) await run.publish(`${at}`, '{}', labelled(PREFIX + label));
  assert.deepEqual(
    (await run.take(2)).map(({ address }) => address),
    ['out/0', 'out/2'],
  );
  const { dropped, blocked } = await run.rest(3);
  assert.deepEqual({ dropped, blocked }, { dropped: 1, blocked: 0 });
});

test('a blocked message that is replayed is judged again, and stays blocked', async () => {
  await using run = await startLabelled({ ...RAISING, stages: [{ function: 'f' }] });
  await run.publish('a', '{"raise":["TS"]}', labelled(SECRET));
  await run.rest(1);
  run.replay();
  const { blocked, sent } = await run.rest(2);
  assert.deepEqual({ blocked, sent, letters: run.letters().length }, { blocked: 2, sent: 0, letters: 1 });
});

test('without a policy labels are carried as they came, and nothing is judged', async () => {
  await using run = await startMemoryRun({});
  for (const label of ['SECRET//NOFORN', `${PREFIX}TS;REL=FVEY`])
    await run.publish('a', '{}', labelled(label, { seclabelsig: ['x'] }));
  await run.publish('a', '{}');
  const frames = await run.take(3);
  assert.deepEqual(frames.map(labelOf), [['SECRET//NOFORN'], [`${PREFIX}TS;REL=FVEY`], undefined]);
  assert.deepEqual(frames[0]?.headers.get('seclabelsig'), ['x']);
});
