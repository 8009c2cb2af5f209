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
  // libais states the values of this one, AIS-catcher those of the next, nmea-parser and pyais those of the third.
  [
    'class A as a base station asked for it',
    '!AIVDM,1,1,,A,239Rb>5000JRUmPE8<buoc6n08@c,0*4C',
    { id: '211331640', position: { latitude: 36.924018, longitude: -76.32952 }, speedMps: 0, courseDeg: 355 },
  ],
  [
    'class A when it was asked',
    '!AIVDM,1,1,,B,3776k`5000a3SLPEKnDQQWpH0000,0*78',
    { id: '477213600', position: { latitude: 37.460617, longitude: 126.605467 }, speedMps: 0, courseDeg: 39 },
  ],
  [
    'a rescue aircraft, 303 m and 42 kn',
    '!AIVDM,1,1,,B,91b55wi;hbOS@OdQAC062Ch2089h,0*30',
    {
      id: '111232511',
      kind: 'aircraft',
      position: { latitude: 58.144, longitude: -6.278843, altitudeM: 303 },
      speedMps: 21.61,
      courseDeg: 154.5,
    },
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
  // From a base station, the last part first, and another message of the same channel in between.
  const base = (part: number, sequence: number): string =>
    sentence(`BSVDM,2,${part},${sequence},B,${part === 1 ? payload.slice(0, 30) : payload.slice(30)},0`);
  const mixed = await tracks(TAG + base(2, 3), TAG + base(1, 4), base(1, 3), base(2, 4));
  assert.deepEqual(mixed, [found[1], found[1]]);
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
  ['a second part alone', ['!AIVDM,2,2,1,A,88888888880,2*25'], 'part 1 of 2 is missing'],
  [
    'a part that came twice',
    ['!AIVDM,2,2,1,A,88888888880,2*25', '!AIVDM,2,2,1,A,88888888880,2*25'],
    'part 2 of 2 twice',
  ],
  ['fill bits within a message', [sentence('AIVDM,2,1,3,B,C5N3SRgPEnJGEBT,2')], 'fill bits in part 1 of 2'],
  [
    'an MMSI of ten digits',
    [TAG + sentence('AIVDM,1,1,,A,1wwwwwwPAso;90TKcjM8h6g208CQ,0')],
    'AIS message 1 has an MMSI of more than nine digits',
  ],
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

test('a speed, a course and an altitude that are not available are left out, of each message that holds them', async () => {
  const position = { lon: -123.5, lat: 48.5, mmsi: '367430530' };
  for (const aistype of [1, 18]) {
    const { nmea } = new ggencoder.AisEncode({
      ...position,
      aistype,
      sog: 102.3,
      cog: 360,
      navstatus: 15,
      hdg: 511,
      utc: 60,
    });
    const [track] = await tracks(TAG + nmea);
    assert.deepEqual(track, {
      id: position.mmsi,
      kind: 'vessel',
      time: AT,
      position: { latitude: 48.5, longitude: -123.5 },
    });
  }
  // Message 9 with altitude 4095, speed 1023 and course 3600; message 27 with speed 63 and course 511.
  const [aircraft] = await tracks(TAG + sentence('AIVDM,1,1,,B,91b55wwwwwOS@OdQAC0>43h2089h,0'));
  const [distant] = await tracks(TAG + sentence('AIVDM,1,1,,B,KC5E2b@U19PFdOwu,0'));
  for (const track of [aircraft, distant]) {
    assert.ok(track);
    assert.deepEqual(Object.keys(track), ['id', 'kind', 'time', 'position']);
    assert.deepEqual(Object.keys(track.position), ['latitude', 'longitude']);
  }
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
