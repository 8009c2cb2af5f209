import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '../../../runtime/contract/errors.ts';
import type { Checkpoint } from '../../../runtime/contract/checkpoint.ts';
import { PacketIdEpoch } from '../../../runtime/buses/mqtt/packet-id-epoch.ts';

function checkpoint(): Checkpoint & { readonly writes: string[] } {
  const writes: string[] = [];
  return { writes, read: () => writes.at(-1), write: (text) => writes.push(text) };
}

const fine = (): never => assert.fail('nothing should be wrong');

/** Packet ids as a server gives them: 1 to 65,535, and again from 1. */
function packetId(position: number): number {
  return (position % 65_535) + 1;
}

function ringOn(notes: Checkpoint, isSameSession: boolean): PacketIdEpoch {
  const ring = new PacketIdEpoch(notes, fine);
  ring.connected(isSameSession);
  return ring;
}

test('no two messages of a session share a name, however often the packet ids come round', () => {
  const notes = checkpoint();
  const ring = ringOn(notes, false);
  const names = new Set<string>();
  for (let position = 0; position < 200_000; position += 1) names.add(ring.name(packetId(position)));
  assert.equal(names.size, 200_000);
  assert.ok(notes.writes.length <= 8, 'a write for each half round, no more');
});

test('a redelivery after a restart has the name of its first delivery, wherever in the round the process ended', () => {
  for (const reached of [100, 32_700, 32_800, 65_500, 65_600, 98_000, 131_100]) {
    const notes = checkpoint();
    const first = ringOn(notes, false);
    const names: string[] = [];
    for (let position = 0; position < reached; position += 1) names.push(first.name(packetId(position)));
    const second = ringOn(notes, true);
    for (let position = reached - 100; position < reached; position += 1) {
      assert.equal(second.name(packetId(position)), names[position], `position ${position} of ${reached}`);
    }
    assert.ok(!names.includes(second.name(packetId(reached))), 'and the next one has a new name');
  }
});

test('a restart at which nothing is redelivered goes on in the next half round', () => {
  const notes = checkpoint();
  const first = ringOn(notes, false);
  for (let position = 0; position < 65_535; position += 1) first.name(packetId(position));
  const names = new Set(Array.from({ length: 100 }, (_, index) => first.name(packetId(index))));
  assert.ok(!names.has(ringOn(notes, false).name(1)), 'a new session is another one');
});

test('after a reconnect within the process what comes again keeps its name', () => {
  const ring = ringOn(checkpoint(), false);
  const names: string[] = [];
  for (let position = 0; position < 65_600; position += 1) names.push(ring.name(packetId(position)));
  ring.connected(true);
  for (let position = 65_400; position < 65_600; position += 1)
    assert.equal(ring.name(packetId(position)), names[position]);
});

test('a place that cannot be written down is said, and the work goes on', () => {
  const said: string[] = [];
  const broken: Checkpoint = {
    read: () => undefined,
    write() {
      throw new SluiceError('STATE_UNUSABLE', 'full');
    },
  };
  const ring = new PacketIdEpoch(broken, ({ code }) => said.push(code));
  ring.connected(false);
  assert.notEqual(ring.name(1), ring.name(2));
  assert.deepEqual(said, ['STATE_UNUSABLE']);
});
