import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import ggencoder from 'ggencoder';
import { outcome } from '../../runtime/testing.ts';
import { sentenceOf } from '../../functions/ais/sentence.ts';
import type { TrackV1 } from '../../schemas/types.d.ts';
import { isTrack, shippedFunction } from './shipped.ts';

const toTracks = await shippedFunction('ais-to-track');

/** The TAG block of a sentence that the documentation of gpsd shows. */
const TAG = String.raw`\g:1-2-73874,n:157036,s:r003669945,c:1241544035*4A` + '\\';
const AT = '2009-05-05T17:20:35.000Z';

const sum = (text: string): string =>
  [...Buffer.from(text)]
    .reduce((all, byte) => all ^ byte, 0)
    .toString(16)
    .toUpperCase()
    .padStart(2, '0');
const sentence = (text: string): string => `!${text}*${sum(text)}`;

async function tracks(...lines: readonly string[]): Promise<readonly TrackV1[]> {
  const result = await outcome(toTracks, lines.join('\r\n'));
  assert.ok('sent' in result, JSON.stringify(result));
  for (const track of result.sent) assert.ok(isTrack(track), JSON.stringify([track, isTrack.errors]));
  return result.sent as readonly TrackV1[];
}

// Public sample sentences. The documentation of gpsd states the values of the first two (in knots and degrees); of the others their
// checksum and a second decoder confirm them.
for (const [what, line, expected] of [
  [
    'class A under way, 12.3 kn',
    '!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A',
    { id: '371798000', position: { latitude: 48.381633, longitude: -123.395383 }, speedMps: 6.33, courseDeg: 224 },
  ],
  [
    'class A that lies still',
    '!AIVDM,1,1,,A,16SteH0P00Jt63hHaa6SagvJ087r,0*42',
    { id: '440348000', position: { latitude: 43.08015, longitude: -70.7582 }, speedMps: 0, courseDeg: 93.4 },
  ],
  [
    'class B',
    '!AIVDM,1,1,,A,B5NJ;PP005l4ot5Isbl03wsUkP06,0*76',
    { id: '367430530', position: { latitude: 37.785035, longitude: -122.26732 }, speedMps: 0, courseDeg: 0 },
  ],
  [
    'extended class B, 8.7 kn',
    '!AIVDM,1,1,,B,C5N3SRgPEnJGEBT>NhWAwwo862PaLELTBJ:V00000000S0D:R220,0*0B',
    { id: '367059850', position: { latitude: 29.543695, longitude: -88.810392 }, speedMps: 4.48, courseDeg: 335.9 },
  ],
  [
    'long range, 57 kn',
    '!AIVDM,1,1,,B,KC5E2b@U19PFdLbMuc5=ROv62<7m,0*16',
    { id: '206914217', position: { latitude: 4.84, longitude: 137.023333 }, speedMps: 29.32, courseDeg: 167 },
  ],
] as const) {
  test(`an AIS position report of ${what} becomes a track with the time of its TAG block`, async () => {
    assert.deepEqual(await tracks(TAG + line), [{ kind: 'vessel', time: AT, ...expected }]);
  });
}

test('the parts of one message are joined where they arrive in one body, each message becoming one track', async () => {
  const payload = 'C5N3SRgPEnJGEBT>NhWAwwo862PaLELTBJ:V00000000S0D:R220';
  const parts = [sentence(`AIVDM,2,1,3,B,${payload.slice(0, 30)},0`), sentence(`AIVDM,2,2,3,B,${payload.slice(30)},0`)];
  const other = '!AIVDM,1,1,,A,B5NJ;PP005l4ot5Isbl03wsUkP06,0*76';
  const found = await tracks(TAG + (parts[0] ?? ''), TAG + other, parts[1] ?? '');
  assert.deepEqual(
    found.map(({ id }) => id),
    ['367430530', '367059850'],
  );
});

for (const [what, lines, reason] of [
  ['a checksum that is wrong', ['!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4B'], 'line 1: the checksum is wrong'],
  [
    'a TAG block whose checksum is wrong',
    [`${TAG.replace('4A', '4B')}!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A`],
    'line 1: the checksum of the TAG block is wrong',
  ],
  ['another sentence of NMEA', ['$GPGLL,4916.45,N,12311.12,W,225444,A,*1D'], 'line 1: no AIVDM or AIVDO sentence'],
  [
    'a message that lost its end',
    [TAG + sentence('AIVDM,1,1,,A,15RTgt0PAso;90TK,0')],
    'AIS message 1 has 96 bits of 168',
  ],
  ['a first part alone', [sentence('AIVDM,2,1,3,B,C5N3SRgPEnJGEBT,0')], 'part 2 of 2 is missing'],
  ['a second part alone', ['!AIVDM,2,2,1,A,88888888880,2*25'], 'part 2 of 2 without the one before'],
  [
    'a sentence without a time',
    ['!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A'],
    'no time: no TAG block with c: stands before the sentence',
  ],
  ['nothing', [''], 'a body of 0 sentences'],
] as const) {
  test(`${what} rejects the whole body with the reason`, async () => {
    const good = `${TAG}!AIVDM,1,1,,A,B5NJ;PP005l4ot5Isbl03wsUkP06,0*76`;
    const body = [...lines, ...(lines[0] === '' ? [] : [good])].join('\n');
    assert.deepEqual(await outcome(toTracks, body), { rejected: reason });
  });
}

test('a message of static data is dropped, and so is a position that is not available', async () => {
  const voyage = [
    '!AIVDM,2,1,1,A,55?MbV02;H;s<HtKR20EHE:0@T4@Dn2222222216L961O5Gf0NSQEp6ClRp8,0*1C',
    '!AIVDM,2,2,1,A,88888888880,2*25',
  ];
  assert.deepEqual(await outcome(toTracks, voyage.join('\n')), {
    dropped: 'AIS message 5 holds no position of a vessel or aircraft',
  });
  const nowhere = new ggencoder.AisEncode({ aistype: 18, mmsi: '367430530', lon: 181, lat: 91, sog: 0, cog: 0 });
  assert.deepEqual(await outcome(toTracks, nowhere.nmea), { dropped: 'the position is not available' });
});

test('a receiver without TAG blocks is read where the pipeline says that the time of receipt counts', async () => {
  const before = Date.now();
  const result = await outcome(toTracks, '!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A', {
    options: { time: 'receipt' },
  });
  assert.ok('sent' in result);
  const at = Date.parse((result.sent[0] as TrackV1).time);
  assert.ok(at >= before && at <= Date.now());
});

test('another decoder finds the same in every position report, and no altered sentence is taken for one', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        aistype: fc.constantFrom(1, 18),
        mmsi: fc.integer({ min: 1, max: 999_999_999 }).map((mmsi) => String(mmsi).padStart(9, '0')),
        lon: fc.double({ min: -179.9, max: 179.9, noNaN: true }),
        lat: fc.double({ min: -89.9, max: 89.9, noNaN: true }),
        sog: fc.integer({ min: 0, max: 1022 }).map((tenths) => tenths / 10),
        cog: fc.integer({ min: 0, max: 3599 }).map((tenths) => tenths / 10),
      }),
      fc.nat(),
      async (report, at) => {
        const { nmea } = new ggencoder.AisEncode({ ...report, navstatus: 0, hdg: 511, utc: 60 });
        const other = new ggencoder.AisDecode(nmea, {});
        const [track] = await tracks(TAG + nmea);
        assert.ok(track);
        assert.equal(track.id, other.mmsi);
        assert.ok(
          Math.abs(track.position.latitude - other.lat) < 1e-6 && Math.abs(track.position.longitude - other.lon) < 1e-6,
        );
        assert.ok(
          Math.abs((track.courseDeg ?? Number.NaN) - other.cog) < 0.06 &&
            Math.abs((track.speedMps ?? Number.NaN) - other.sog * 0.514444) < 0.006,
        );
        const index = at % nmea.length;
        const altered = `${nmea.slice(0, index)}${nmea[index] === '7' ? '5' : '7'}${nmea.slice(index + 1)}`;
        assert.equal(typeof sentenceOf(altered), 'string', altered);
      },
    ),
    { numRuns: 300 },
  );
});
