import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { outcome } from '../../runtime/testing.ts';
import type { TrackV1 } from '../../schemas/types.d.ts';
import { isTrack, shippedFunction } from './shipped.ts';

const toCot = await shippedFunction('track-to-cot');
const toTrack = await shippedFunction('cot-to-track');

const TRACK: TrackV1 = {
  id: 'unit-7',
  kind: 'vehicle',
  time: '2026-11-28T09:30:00.000Z',
  position: { latitude: 48.5, longitude: -123.25, altitudeM: 12 },
  speedMps: 4.5,
  courseDeg: 90,
  batteryRatio: 0.5,
};

const EVENT = `<?xml version="1.0" encoding="UTF-8"?>
<event version="2.0" uid="unit-7" type="a-u-G-E-V" how="m-g" time="2026-11-28T09:30:00.000Z" start="2026-11-28T09:30:00.000Z" stale="2026-11-28T09:35:00.000Z"><point lat="48.5" lon="-123.25" hae="12.0" ce="9999999.0" le="9999999.0"/><detail><track course="90.0" speed="4.5"/><status battery="50"/></detail></event>`;

async function sent(transform: typeof toCot, body: string | object, options: object = {}): Promise<unknown> {
  const result = await outcome(transform, body, { options: { ...options } });
  assert.ok('sent' in result, JSON.stringify(result));
  return result.sent[0];
}

test('a track becomes an event of Cursor on Target, its unknown errors 9999999.0 and its time the start', async () => {
  assert.equal(await sent(toCot, TRACK), EVENT);
});

test('what a track leaves out is unknown in the event or not in it, and the options set affiliation and end', async () => {
  const { id, time } = TRACK;
  const bare: TrackV1 = { id, kind: 'aircraft', time, position: { latitude: 0, longitude: 180 } };
  const event = await sent(toCot, bare, { affiliation: 'f', staleAfter: 60 });
  assert.match(
    String(event),
    /type="a-f-A" .* stale="2026-11-28T09:31:00.000Z"><point lat="0.0" lon="180.0" hae="9999999.0"/,
  );
  assert.match(String(event), /<detail><\/detail>/);
  assert.deepEqual(await sent(toTrack, String(event)), bare);
});

test('an affiliation that is none is an error of the pipeline, and a leap second is rejected', async () => {
  await assert.rejects(outcome(toCot, TRACK, { options: { affiliation: 'friend' } }), /expected an affiliation/);
  for (const staleAfter of [-1, 1e20, '60', null])
    await assert.rejects(outcome(toCot, TRACK, { options: { staleAfter } }), /expected staleAfter in seconds/);
  assert.ok('rejected' in (await outcome(toCot, { ...TRACK, time: '2016-12-31T23:59:60Z' })));
});

test('numbers have no exponent and times no year behind 9999 in an event', async () => {
  const position = { latitude: 1e-7, longitude: -1.25e-9, altitudeM: 1e22 };
  const event = String(await sent(toCot, { ...TRACK, time: '9999-12-31T23:59:59Z', position }));
  assert.match(event, /lat="0.0000001" lon="-0.00000000125" hae="10000000000000000000000.0"/);
  assert.match(event, /stale="9999-12-31T23:59:59.999Z"/);
});

test('every track comes back as it was', async () => {
  const number = (min: number, max: number): fc.Arbitrary<number> =>
    fc
      .oneof(fc.double({ min, max, noNaN: true }), fc.integer({ min: Math.ceil(min), max: Math.floor(max) }))
      .map((value) => (value === 0 ? 0 : value));
  const track = fc.record(
    {
      id: fc.stringMatching(/^[A-Za-z0-9-]{1,32}$/),
      kind: fc.constantFrom('vehicle', 'vessel', 'aircraft', 'person'),
      time: fc
        .date({ min: new Date(0), max: new Date('2100-01-01T00:00:00Z'), noInvalidDate: true })
        .map((date) => date.toISOString()),
      position: fc.record(
        { latitude: number(-90, 90), longitude: number(-180, 180), altitudeM: number(-12_000, 9_000_000) },
        { requiredKeys: ['latitude', 'longitude'], noNullPrototype: true },
      ),
      speedMps: number(0, 100_000),
      courseDeg: number(0, 359.999),
      batteryRatio: fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100),
    },
    { requiredKeys: ['id', 'kind', 'time', 'position'], noNullPrototype: true },
  );
  await fc.assert(
    fc.asyncProperty(track, async (body) => {
      assert.ok(isTrack(body), JSON.stringify(isTrack.errors));
      assert.deepEqual(await sent(toTrack, String(await sent(toCot, body))), body);
    }),
    { numRuns: 500 },
  );
});

// As clients of teams in the field write it: more attributes, foreign elements, comments, CDATA, a namespace of their own.
const CLIENT = `<?xml version='1.0' encoding='UTF-8' standalone='yes'?>
<!-- a position -->
<event version='2.0' uid='ANDROID-589520ccfcd20f01' type='a-f-G-U-C' time='2020-12-16T19:59:34.000Z' start='2020-12-16T19:59:34Z' stale='2020-12-16T20:05:49+00:00' how='h-e' access="Undefined">
  <point lat='43.97957317' lon='-66.07737696' hae='26.767999' ce='9999999.0' le='9999999.0'/>
  <detail xmlns:x="urn:example">
    <takv os='29' version='4.0.0.0' device='PHONE' platform='A &amp; B'/>
    <contact endpoint='*:-1:stcp' callsign='Eliopoli HQ'/>
    <x:track speed='99' course='1'/>
    <remarks><![CDATA[<point lat="1" lon="1" hae="0"/>]]></remarks>
    <status battery='61'/>
    <track speed='1.25' course='360'/>
  </detail>
</event>`;

test('an event as clients write it becomes a track: foreign elements, comments and CDATA say nothing of it', async () => {
  const track = await sent(toTrack, CLIENT);
  assert.deepEqual(track, {
    id: 'ANDROID-589520ccfcd20f01',
    kind: 'person',
    time: '2020-12-16T19:59:34.000Z',
    position: { latitude: 43.97957317, longitude: -66.07737696, altitudeM: 26.767999 },
    speedMps: 1.25,
    courseDeg: 0,
    batteryRatio: 0.61,
  });
  assert.ok(isTrack(track));
});

const BOMB = `<!DOCTYPE event [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>${EVENT.slice(39).replace('unit-7', '&b;')}`;
for (const [what, event, reason] of [
  ['a document type with entities', BOMB, 'a document type'],
  [
    'a document type that names a file',
    `<!DOCTYPE event SYSTEM "file:///etc/passwd">${EVENT.slice(39)}`,
    'a document type',
  ],
  ['an entity that is not of XML', EVENT.replace('unit-7', '&nbsp;'), /not well-formed XML at 2:/],
  ['an element that is not closed', EVENT.replace('</event>', ''), /not well-formed XML at/],
  ['text that is no XML', 'unit-7,48.5,-123.25', /not well-formed XML/],
  ['nothing', '', /no event|not well-formed/],
  ['a root of another name', '<events/>', 'no event with a point'],
  ['an event of a namespace', EVENT.replace('<event ', '<event xmlns="urn:x" '), 'no event with a point'],
  [
    'two points',
    EVENT.replace('<detail>', '<point lat="1" lon="1" hae="0" ce="1" le="1"/><detail>'),
    'two elements event/point',
  ],
  [
    'deep elements',
    EVENT.replace('<detail>', `<detail>${'<a>'.repeat(50)}${'</a>'.repeat(50)}`),
    'too many elements, or too deep ones',
  ],
  ['a long document', `${EVENT}${' '.repeat(70_000)}`, 'more than 65536 characters'],
  [
    'a latitude behind the pole',
    EVENT.replace('lat="48.5"', 'lat="90.1"'),
    'lat, lon or hae is no number within its bounds',
  ],
  [
    'a latitude that is no number',
    EVENT.replace('lat="48.5"', 'lat="0x10"'),
    'lat, lon or hae is no number within its bounds',
  ],
  ['a point without a height', EVENT.replace('hae="12.0" ', ''), 'lat, lon or hae is no number within its bounds'],
  [
    'a time that is none',
    EVENT.replace('start="2026-11-28T', 'start="2026-13-28T'),
    'time, start or stale is no date-time',
  ],
  ['a day that no month has', EVENT.replaceAll('2026-11-28T', '2026-02-30T'), 'time, start or stale is no date-time'],
  [
    'a time behind the year 9999',
    EVENT.replaceAll(/"2026-[^"]*"/g, '"9999-12-31T23:59:59-12:00"'),
    'time, start or stale is no date-time',
  ],
  ['an end before the start', EVENT.replace('stale="2026', 'stale="2025'), 'the event is stale before its start'],
  [
    'another version',
    EVENT.replace('version="2.0"', 'version="3.0"').replace('<?xml version="3.0"', '<?xml version="1.0"'),
    'an event of a version that is not 2.0',
  ],
  ['a uid that is no id', EVENT.replace('unit-7', 'unit 7'), /^the uid is no id/],
  ['a satellite', EVENT.replace('a-u-G-E-V', 'a-u-P'), 'the type of the event is no kind of track.v1'],
] as const) {
  test(`${what} is rejected, and the reason holds nothing of the event`, async () => {
    const result = await outcome(toTrack, event);
    assert.ok('rejected' in result, JSON.stringify(result));
    if (typeof reason === 'string') assert.equal(result.rejected, reason);
    else assert.match(result.rejected, reason);
  });
}

test('an event that is no atom is dropped', async () => {
  assert.ok('dropped' in (await outcome(toTrack, EVENT.replace('a-u-G-E-V', 't-x-c-t'))));
});
