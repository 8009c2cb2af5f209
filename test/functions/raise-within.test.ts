import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outcome } from '../../runtime/testing.ts';
import { shippedFunction } from './shipped.ts';

const raiseWithin = await shippedFunction('raise-within');
const OPTIONS = { area: { south: 51.9, west: 4.3, north: 51.92, east: 4.34 }, label: 'R' };

async function raised(latitude: number, longitude: number): Promise<readonly string[]> {
  const labels: string[] = [];
  const track = { id: 'v1', kind: 'vehicle', time: '2026-11-28T09:30:00.000Z', position: { latitude, longitude } };
  const found = await outcome(raiseWithin, track, { options: OPTIONS, raise: (label) => labels.push(label) });
  assert.deepEqual(found, { sent: [track] }, 'the track goes on as it came');
  return labels;
}

test('the label of a track within the area is raised, bounds included; that of any other stays', async () => {
  for (const [latitude, longitude] of [
    [51.91, 4.32],
    [51.9, 4.3],
    [51.92, 4.34],
  ] as const)
    assert.deepEqual(await raised(latitude, longitude), ['R'], `${latitude} ${longitude}`);
  for (const [latitude, longitude] of [
    [51.899, 4.32],
    [51.921, 4.32],
    [51.91, 4.299],
    [51.91, 4.341],
    [-51.91, -4.32],
  ] as const)
    assert.deepEqual(await raised(latitude, longitude), [], `${latitude} ${longitude}`);
});

test('without its options it throws: no track passes without the label', async () => {
  const track = {
    id: 'v1',
    kind: 'vehicle',
    time: '2026-11-28T09:30:00.000Z',
    position: { latitude: 1, longitude: 2 },
  };
  for (const options of [{}, { label: 'R' }, { area: OPTIONS.area }])
    await assert.rejects(outcome(raiseWithin, track, { options }), /raise-within needs with: \{ area, label \}/);
});
