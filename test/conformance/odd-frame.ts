import fc from 'fast-check';
import type { Frame, HeaderType } from '#contract/frame.ts';
import { textOfBytes } from '#kit/raw-text.ts';
import { awkwardText } from './awkward-text.ts';

const bytes = fc.uint8Array({ maxLength: 40 });
const text = fc.oneof(
  { weight: 5, arbitrary: awkwardText.map((each) => each.slice(0, 5000)) },
  { weight: 2, arbitrary: bytes.map(textOfBytes) },
);
const name = fc.oneof(
  text,
  fc.constantFrom(
    '',
    '__proto__',
    'constructor',
    'CC',
    'x-death',
    'Nats-Rollup',
    'msgid',
    'expirytime',
    'content-type',
  ),
);
const type = fc.constantFrom<HeaderType>('text', 'bytes', 'integer', 'number', 'boolean', 'timestamp', 'null', 'json');
/** Values and types that need not fit one another. */
const headers = fc
  .array(fc.tuple(name, fc.array(fc.tuple(text, type), { maxLength: 4 }), fc.boolean()), { maxLength: 6 })
  .map((entries) => ({
    headers: new Map(entries.map(([each, values]) => [each, values.map(([value]) => value)])),
    headerTypes: new Map(
      entries.filter(([, , isTyped]) => isTyped).map(([each, values]) => [each, values.map(([, kind]) => kind)]),
    ),
  }));
const time = fc.oneof(
  fc.double(),
  fc.constantFrom(0, -1, 0.25, 1.76e12, 1.7641e12 + 0.25, 1.76e15, 1.76e18, 8.64e15, 2 ** 63, NaN, Infinity, -Infinity),
);
const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });

/** Everything of a frame but its address, as no driver would make it and a broken stage or bus might. */
export const oddParts: fc.Arbitrary<Omit<Frame, 'address'>> = fc
  .record({
    key: optional(text),
    carried: headers,
    body: fc.oneof(fc.constant(null), fc.uint8Array({ maxLength: 2000 })),
    id: optional(text),
    contentType: optional(text),
    timestampMs: optional(time),
    // Most that lie in the past end before a driver sees them.
    expiresAtMs: optional(fc.constantFrom(0.5, 1e15 + 0.5, 4e12, 8.64e15, 9e15, 2 ** 63, NaN, Infinity)),
  })
  .map(({ carried, ...parts }) => ({ ...parts, ...carried }));
