import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flatness, look, type Sample } from './samples.ts';

const MIB = 1024 ** 2;

/** An hour, a sample every 10 s. */
function hour(sample: (part: number, at: number) => Partial<Sample>): Sample[] {
  return Array.from({ length: 360 }, (_, at) => ({
    atMs: at * 10_000,
    residentBytes: 150 * MIB,
    descriptors: 40,
    answerMs: 3,
    ...sample(at / 360, at),
  }));
}

const unflat = (samples: readonly Sample[]): string[] =>
  flatness(samples)
    .filter(({ isFlat }) => !isFlat)
    .map(({ what }) => what.split(',')[0] ?? '');

test('what stays is flat, with its warming up and the peaks of its outages', () => {
  const samples = hour((part, at) => ({
    residentBytes: (part < 0.1 ? 80 : at % 12 === 0 ? 260 : 150 + (at % 7)) * MIB,
    descriptors: at % 12 === 0 ? 60 : 40,
    answerMs: at % 40 === 0 ? 900 : 3,
  }));
  assert.deepEqual(unflat(samples), []);
});

test('what grows slowly is found: memory, descriptors, the time of an answer', () => {
  assert.deepEqual(unflat(hour((part) => ({ residentBytes: (150 + part * 80) * MIB }))), ['memory']);
  assert.deepEqual(unflat(hour((part) => ({ descriptors: 40 + Math.floor(part * 12) }))), ['descriptors']);
  assert.deepEqual(unflat(hour((part) => ({ answerMs: 3 + part * 200 }))), ['answer of /livez']);
});

test('a process is looked at from outside', { skip: process.platform !== 'linux' && 'needs /proc' }, () => {
  const { residentBytes, descriptors } = look(process.pid);
  assert.ok(residentBytes > 10 * MIB && residentBytes < 4096 * MIB);
  assert.ok(descriptors > 3);
});
