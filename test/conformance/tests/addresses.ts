import assert from 'node:assert/strict';
import fc from 'fast-check';
import { asSluiceError } from '#contract/errors.ts';
import { ACCEPT } from '#contract/delivery.ts';
import { awkwardText } from '../awkward-text.ts';
import type { ConformanceTest } from '../conformance-test.ts';
import { lossesOf, openSink, openSource } from '../ends.ts';
import { frameOf, textOf } from '../frame-of.ts';
import { demand, type Fixture } from '../fixture.ts';
import { sendAll, sendOne } from '../send-all.ts';

const RUNS = 300;
/** Levels, for servers that take no more than so many. */
const DEPTHS = [2, 100, 199, 200, 201, 1000] as const;

/** Addresses as a template could make them of the worst of values, and of what a driver's `encode` makes of those. */
function addresses(fixture: Fixture, texts: readonly string[]): string[] {
  const grammar = demand(fixture.grammar, 'grammar of addresses');
  const deep = DEPTHS.flatMap((depth) => ['', 'a'].map((level) => Array(depth).fill(level).join(grammar.separator)));
  return [...texts, ...deep].flatMap((text) => [text, fixture.address(text), fixture.address(grammar.encode(text))]);
}

const strange: ConformanceTest = {
  name: 'strange-addresses',
  sentence:
    'an address is refused before the client sees it, or arrives as it was written; either way the connection stays',
  async judge(fixture) {
    const grammar = demand(fixture.grammar, 'grammar of addresses');
    const seed = Math.floor(Math.random() * 0x7fff_ffff);
    const made = addresses(fixture, fc.sample(awkwardText, { numRuns: RUNS, seed }));
    const named = (address: string): string => `seed ${seed}: ${JSON.stringify(address.slice(0, 200))}`;
    await using reader = await openSource(fixture);
    await using writer = await openSink(fixture);
    for (const address of made.filter((each) => grammar.flaw(each) !== undefined)) {
      const error: unknown = await sendOne(fixture, writer.sink, frameOf(fixture, 'flawed', { address })).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      assert.equal(error === undefined ? undefined : asSluiceError(error).code, 'ADDRESS_INVALID', named(address));
    }
    const prefix = fixture.address('');
    const reaches = fixture.reaches ?? ((address: string) => address.startsWith(prefix));
    const fine = made.filter((address) => grammar.flaw(address) === undefined && reaches(address));
    const frames = fine.map((address, at) => frameOf(fixture, String(at), { address, id: `strange-${at}` }));
    const sending = sendAll(fixture, writer.sink, frames);
    sending.catch(() => {});
    const arrived = new Map<string, string>();
    let judged = 0;
    const reading = reader.readUntil((read) => {
      for (const delivery of read.slice(judged)) {
        arrived.set(textOf(delivery.frame), delivery.frame.address);
        delivery.settle(ACCEPT);
      }
      judged = read.length;
      return arrived.size >= frames.length;
    });
    await Promise.all([reading, sending]).catch((cause: unknown) => {
      const missing = fine.filter((_, at) => !arrived.has(String(at)));
      throw new Error(`did not arrive, ${missing.map(named).slice(0, 5).join(', ')}`, { cause });
    });
    for (const [at, address] of fine.entries()) assert.equal(arrived.get(String(at)), address, named(address));
    assert.equal(lossesOf(writer.recorded) + lossesOf(reader.recorded), 0, `seed ${seed}: the connections stay`);
  },
};

export const ADDRESSES: readonly ConformanceTest[] = [strange];
