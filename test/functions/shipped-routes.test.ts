import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startMemoryRun } from '../host/memory-run.ts';
import track from '../../schemas/track.v1.json' with { type: 'json' };
import { pathOf } from './shipped.ts';

/** The function in a project elsewhere, as the one that it ships with has it. */
const shipped = (name: string): Readonly<Record<string, string>> => ({
  [`functions/${name}.ts`]: `export { default } from ${JSON.stringify(pathOf(name))};\n`,
});
const texts = (frames: readonly { readonly body?: Uint8Array | null | undefined }[]): readonly string[] =>
  frames.map(({ body }) => Buffer.from(body ?? []).toString());

test('the route of AIS sentences sends one track for each position, and keeps what no receiver can have sent', async () => {
  await using run = await startMemoryRun({
    files: { ...shipped('ais-to-track'), 'schemas/track.v1.json': track },
    stages: [{ function: 'ais-to-track' }, { validate: 'track.v1' }],
    from: { key: '{address.1}', codec: 'text' },
    to: { codec: 'json', address: 'out/{body.id}' },
  });
  const tag = String.raw`\g:1-2-73874,n:157036,s:r003669945,c:1241544035*4A` + '\\';
  const [one, other] = [
    '!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A',
    '!AIVDM,1,1,,A,B5NJ;PP005l4ot5Isbl03wsUkP06,0*76',
  ];
  await run.publish('north', `${tag}${one}\r\n${tag}${other}\r\n`);
  await run.publish('north', one.replace('15R', '25R'));
  await run.publish(
    'south',
    [
      '!AIVDM,2,1,1,A,55?MbV02;H;s<HtKR20EHE:0@T4@Dn2222222216L961O5Gf0NSQEp6ClRp8,0*1C',
      '!AIVDM,2,2,1,A,88888888880,2*25',
    ].join('\n'),
  );
  const frames = await run.take(2);
  assert.deepEqual(
    frames.map(({ address }) => address),
    ['out/371798000', 'out/367430530'],
  );
  const { accepted, dropped } = await run.rest(3);
  assert.deepEqual([accepted, dropped], [3, 1]);
  assert.deepEqual(
    run.letters().map((letter) => JSON.stringify(letter).includes('line 1: the checksum is wrong')),
    [true],
  );
});

test('a track goes out as Cursor on Target, and comes back the same over a second route', async () => {
  const body = JSON.stringify({
    id: 'unit-7',
    kind: 'vessel',
    time: '2026-11-28T09:30:00.000Z',
    position: { latitude: 1.5, longitude: 2 },
  });
  const files = { ...shipped('track-to-cot'), ...shipped('cot-to-track'), 'schemas/track.v1.json': track };
  await using out = await startMemoryRun({
    files,
    stages: [{ validate: 'track.v1' }, { function: 'track-to-cot', with: { affiliation: 'f' } }],
    from: { key: '{address.1}' },
    to: { codec: 'text' },
  });
  await out.publish('unit-7', body);
  const [event = ''] = texts(await out.take(1));
  assert.match(event, /^<\?xml .*<event version="2.0" uid="unit-7" type="a-f-S"/s);
  await using back = await startMemoryRun({
    files,
    stages: [{ function: 'cot-to-track' }, { validate: 'track.v1' }],
    from: { key: '{address.1}', codec: 'text' },
    to: { codec: 'json' },
  });
  await back.publish('unit-7', event);
  assert.deepEqual(
    texts(await back.take(1)).map((text) => JSON.parse(text) as unknown),
    [JSON.parse(body)],
  );
});
