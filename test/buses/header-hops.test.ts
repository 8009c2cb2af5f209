import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Codec } from '#contract/codec.ts';
import type { Frame, HeaderType } from '#contract/frame.ts';
import { textOfBytes } from '#kit/raw-text.ts';
import { JSON_CODECS } from '../../runtime/codecs/json.ts';
import { contentTypeOut, headersOut } from '../../runtime/engine/frames/headers-out.ts';
import type { SinkEnd } from '../../runtime/engine/route-parts.ts';
import { awkwardText } from '../conformance/awkward-text.ts';
import { frameForTest } from '../engine/route-for-test.ts';
import { bytesOf, hop, HOP_NAMES, HOPS, type HopName } from './header-hops.ts';

/** Names that some bus, server or client takes for its own. */
const NAMES = [
  '',
  'CC',
  'BCC',
  'x-death',
  'x-delivery-count',
  'x-stream-offset',
  'amqp-type',
  'amqp-priority',
  '__proto__',
  'constructor',
  'toString',
  'Nats-Rollup',
  'nats-ttl',
  'carried-headers',
  'kafka_dlt-exception-message',
  '!',
  'a: b',
];
/** Stand in fields of a frame, or decide over it. */
const OWN = /^(msgid|content-type|expirytime|seclabel|traceparent|tracestate|replayed|stale)$/i;

const name = fc
  .oneof(fc.constantFrom(...NAMES), awkwardText, fc.uint8Array({ maxLength: 12 }).map(textOfBytes))
  .map((text) =>
    text.replaceAll(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udc7f\udd00-\udfff]/g, ''),
  )
  .filter((text) => text.length < 10_000 && !OWN.test(text));
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((big) => {
    const eight = Buffer.alloc(8);
    eight.writeBigInt64BE(big);
    return eight;
  }),
  awkwardText.map((text) => Buffer.from(text.slice(0, 5000))),
);
const value = fc.oneof(
  { weight: 4, arbitrary: bytes.map((raw): [string, HeaderType] => [textOfBytes(raw), 'text']) },
  { weight: 2, arbitrary: bytes.map((raw): [string, HeaderType] => [Buffer.from(raw).toString('base64'), 'bytes']) },
  { weight: 1, arbitrary: fc.constant<[string, HeaderType]>(['', 'null']) },
);
const field = fc.option(
  bytes.map(textOfBytes).filter((text) => text !== '' && text.length < 1000 && text.isWellFormed()),
  { nil: undefined },
);
const carried = fc
  .record({
    entries: fc.uniqueArray(fc.tuple(name, fc.array(value, { minLength: 1, maxLength: 3 })), {
      selector: ([text]) => text,
      maxLength: 5,
    }),
    id: field,
    contentType: field,
  })
  .map(({ entries, ...fields }) => {
    const headers = new Map(entries.map(([text, values]) => [text, values.map(([each]) => each)]));
    const types = entries.filter(([, values]) => values.some(([, type]) => type !== 'text'));
    const headerTypes = new Map(types.map(([text, values]) => [text, values.map(([, type]) => type)]));
    return frameForTest('a', '', { ...fields, headers, headerTypes: headerTypes.size === 0 ? undefined : headerTypes });
  });

for (const first of HOP_NAMES) {
  for (const second of HOP_NAMES) {
    test(`${first}, then ${second}: every header name and every byte survives`, () => {
      fc.assert(
        fc.property(carried, (frame) => {
          const once = hop(first, frame);
          assert.deepEqual(bytesOf(hop(second, once)), bytesOf(frame));
        }),
        { numRuns: 60 },
      );
    });
  }
}

test('any way over three buses changes no header', () => {
  const way = fc.array(fc.constantFrom(...HOP_NAMES), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(carried, way, (frame, names) => {
      const arrived = names.reduce((travelled, each: HopName) => hop(each, travelled), frame);
      assert.deepEqual(bytesOf(arrived), bytesOf(frame));
    }),
    { numRuns: 300 },
  );
});

test('a header beside the field of its name survives too', () => {
  for (const odd of ['', '\n']) {
    const frame = frameForTest('a', '', {
      id: `i${odd}`,
      contentType: `text/plain${odd}`,
      headers: new Map([
        ['content-type', ['another', 'third']],
        ['msgid', ['j']],
      ]),
    });
    for (const first of HOP_NAMES) {
      for (const second of HOP_NAMES)
        assert.deepEqual(bytesOf(hop(second, hop(first, frame))), bytesOf(frame), `${first}, ${second}`);
    }
  }
});

test('what a bus can spell is written as it is, and nothing beside it', () => {
  const frame = frameForTest('a', '', {
    id: 'i',
    contentType: 'text/plain',
    headers: new Map([
      ['seclabel', ['S']],
      ['x-many', ['1', '2', '1']],
    ]),
  });
  for (const each of HOP_NAMES.filter((hopName) => hopName !== 'rabbitmq stream')) {
    assert.deepEqual(HOPS[each].over(frame).headers, frame.headers, each);
    assert.deepEqual(hop(each, frame).headers, frame.headers, each);
  }
});

test('headers that Spring writes into dead-letter topics reach NATS and come back as the bytes that they were', () => {
  const offset = Buffer.alloc(8);
  offset.writeBigInt64BE(42n);
  const frame = frameForTest('orders.DLT', '', {
    headers: new Map([
      ['kafka_dlt-original-offset', [offset.toString()]],
      ['kafka_dlt-exception-message', ['Listener failed;\n\tnested: boom']],
      ['traceparent', ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01']],
    ]),
  });
  for (const far of ['nats', 'mqtt', 'rabbitmq stream'] as const) {
    assert.deepEqual(bytesOf(hop('kafka', hop(far, frame))), bytesOf(frame));
  }
});

test('no header is one of the publisher’s making that the bus would obey', () => {
  const frame = frameForTest('a', '', {
    id: 'a\r\nNats-Rollup: all',
    contentType: 'a\nNats-Rollup: all',
    headers: new Map([
      ['x', ['1\r\nNats-Rollup: all']],
      ['y: 1\r\nNats-Rollup', ['all']],
      ['Nats-Rollup', ['all']],
      ['CC', ['elsewhere']],
    ]),
  });
  const { id, contentType, headers } = hop('nats', frame);
  assert.deepEqual(bytesOf({ id, contentType, headers, headerTypes: undefined }), bytesOf(frame));
});

test('the file may have what cannot be spelled dropped or refused', () => {
  const frame = frameForTest('a', '', {
    id: 'a\nb',
    contentType: 'a\nb',
    headers: new Map([
      ['fine', ['1']],
      ['odd', ['1\n2']],
    ]),
  });
  const { headers, id, contentType } = hop('nats', frame, 'drop');
  assert.deepEqual([[...headers], id, contentType], [[['fine', ['1']]], 'a\nb', undefined], 'an id is never dropped');
  assert.throws(() => hop('nats', frame, 'reject'), { code: 'HEADER_UNSPELLABLE', message: /header "odd"$/ });
  assert.doesNotThrow(() => hop('kafka', frame, 'reject'));
});

test('a header beside the field of its name is refused as that, where the file says so', () => {
  const frame = frameForTest('a', '', { contentType: 'text/plain', headers: new Map([['content-type', ['another']]]) });
  for (const each of HOP_NAMES) {
    assert.throws(() => hop(each, frame, 'reject'), {
      code: 'HEADER_UNSPELLABLE',
      message: `${HOPS[each].spelling.bus} has no place for header "content-type" beside the field of that name`,
    });
  }
});

const SPELLINGS = ['content-type', 'Content-Type', 'CONTENT-TYPE'];
const typed = fc
  .tuple(carried, fc.uniqueArray(fc.constantFrom(...SPELLINGS)), fc.constantFrom(undefined, JSON_CODECS.reject))
  .map(([frame, names, codec]) => {
    const headers = new Map([...frame.headers, ...names.map((each) => [each, ['a/header', 'another']] as const)]);
    return { frame: { ...frame, headers }, codec };
  });

/** What leaves a route whose file says this of the content type, and arrives behind the bus. */
function typedHop(
  each: HopName,
  { frame, codec }: { readonly frame: Frame; readonly codec: Codec | undefined },
  contentType: SinkEnd['contentType'],
): Frame {
  const words = { headers: new Map(), droppedHeaders: [], statesContentType: false, contentType };
  const message = { ...frame, id: 'i', label: undefined, origin: frame };
  const headers = headersOut(words, message);
  return hop(each, { ...frame, headers, contentType: contentTypeOut(words, codec, message) });
}

for (const each of HOP_NAMES) {
  test(`${each}: a content type that the file sets is the one that arrives, and one that it drops does not`, () => {
    const written = field.map((text) => text ?? 'application/cloudevents+json');
    fc.assert(
      fc.property(typed, written, (given, text) => {
        const set = typedHop(each, given, () => text);
        assert.equal(set.contentType, text);
        const dropped = typedHop(each, given, 'none');
        assert.equal(dropped.contentType, undefined);
        for (const { headers } of [set, dropped]) {
          assert.deepEqual(
            [...headers.keys()].filter((header) => /^content-type$/i.test(header)),
            [],
          );
        }
        const { frame, codec } = given;
        const own = frame.contentType === undefined ? undefined : (codec?.contentType ?? frame.contentType);
        if (SPELLINGS.every((header) => !frame.headers.has(header))) {
          assert.equal(typedHop(each, given, undefined).contentType, own, 'where the file says nothing');
        }
      }),
      { numRuns: 100 },
    );
  });
}

test('a stranger cannot hide a label or a trace among carried headers, and what is none of ours stays as it is', () => {
  const hidden = JSON.stringify([
    ['seclabel', ['U'], ['text']],
    ['tracestate', ['x=y'], ['text']],
    ['note', ['n'], ['text']],
  ]);
  for (const each of HOP_NAMES) {
    const over = (text: string): unknown => [
      ...HOPS[each].over(frameForTest('a', '', { headers: new Map([['carried-headers', [text]]]) })).headers,
    ];
    assert.deepEqual(over(hidden), [['note', ['n']]], each);
    for (const forged of ['{', '[1]', '[["a",[1],["text"]]]', '[["a",["1"],["nonsense"]]]', '[["a",["1"],[]]]']) {
      assert.deepEqual(over(forged), [['carried-headers', [forged]]], each);
    }
  }
});

test('another spelling of a trace context is the trace context, and two of them stand together', () => {
  const headers = new Map([
    ['TraceParent', ['00-a']],
    ['x', ['1']],
    ['traceparent', ['00-b']],
  ]);
  for (const each of HOP_NAMES) {
    assert.deepEqual(
      HOPS[each]
        .over(frameForTest('a', '', { headers }))
        .headers.get('traceparent')
        ?.toSorted(),
      ['00-a', '00-b'],
      each,
    );
  }
});
