import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { VerifySettings } from '../../runtime/verify/verification.ts';
import { VERDICT_NAMES, type VerdictName } from '../../runtime/verify/verdicts.ts';
import { broken, honest, type Way } from './broken-bridge.ts';
import { PER_KEY, verifyOnMemory } from './on-memory.ts';

type Settings = Partial<VerifySettings>;

interface Mutant {
  readonly bridge: string;
  readonly way: () => Way;
  readonly verdict: VerdictName;
  readonly settings?: Settings;
}

const EXPIRING = { expiresMs: 300, slackMs: 200 } as const;

const MUTANTS: readonly Mutant[] = [
  { bridge: 'loses a message now and then', way: broken.loses, verdict: 'lost' },
  {
    bridge: 'forgets the newest telemetry of each key',
    way: () => broken.forgetsTheNewest(PER_KEY),
    verdict: 'lost',
    settings: { trafficClass: 'telemetry' },
  },
  {
    bridge: 'thins out commands',
    way: () => broken.thins(PER_KEY),
    verdict: 'lost',
    settings: { trafficClass: 'command' },
  },
  {
    bridge: 'loses what is not among the dead letters',
    way: broken.loses,
    verdict: 'lost',
    settings: { deadLetters: () => 9 },
  },
  { bridge: 'repeats a message now and then', way: broken.repeats, verdict: 'duplicated' },
  { bridge: 'lets a message overtake another of its key', way: broken.reorders, verdict: 'reordered' },
  {
    bridge: 'lets a command overtake another of its key',
    way: broken.reorders,
    verdict: 'stale-overtake',
    settings: { trafficClass: 'command' },
  },
  {
    bridge: 'sends an old command again behind a newer one',
    way: broken.replaysOld,
    verdict: 'stale-overtake',
    settings: { trafficClass: 'command' },
  },
  {
    bridge: 'sends an old position again behind a newer one',
    way: broken.replaysOld,
    verdict: 'stale-overtake',
    settings: { trafficClass: 'telemetry' },
  },
  {
    bridge: 'delivers what has expired',
    way: () => broken.sitsOnThem(800),
    verdict: 'expired-delivered',
    settings: EXPIRING,
  },
  { bridge: 'loses labels', way: broken.losesLabels, verdict: 'label-violation' },
  { bridge: 'changes labels', way: broken.changesLabels, verdict: 'label-violation' },
  { bridge: 'changes one bit of a body', way: broken.spoils, verdict: 'corrupt' },
  { bridge: 'cuts bodies off', way: broken.cutsOff, verdict: 'corrupt' },
  { bridge: 'invents messages', way: broken.invents, verdict: 'unaccounted' },
  { bridge: 'sends what nobody can read', way: broken.babbles, verdict: 'unaccounted' },
  { bridge: 'falls silent for ever', way: broken.falls, verdict: 'wedged' },
  { bridge: 'stops carrying one key', way: broken.dropsAKey, verdict: 'wedged' },
  {
    bridge: 'does nothing for a while, then all of it',
    way: () => broken.sitsOnThem(1200),
    verdict: 'wedged',
    settings: { wedgedMs: 900, quietMs: 2000 },
  },
  {
    bridge: 'falls silent for ever while everything expires',
    way: broken.falls,
    verdict: 'wedged',
    settings: { ...EXPIRING, trafficClass: 'command' },
  },
];

// Much of it is waiting.
void describe('a bridge with one fault is convicted of exactly that', { concurrency: 8 }, () => {
  for (const { bridge, way, verdict, settings } of MUTANTS) {
    void test(`a bridge that ${bridge}: ${verdict}`, async () => {
      const report = await verifyOnMemory(way(), settings);
      const convicted = VERDICT_NAMES.filter((name) => report.verdicts[name].count > 0);
      assert.deepEqual(convicted, [verdict], JSON.stringify(report.verdicts));
      assert.equal(report.ok, false);
      assert.ok(report.verdicts[verdict].examples.length > 0);
    });
  }
});

interface Acquitted {
  readonly bridge: string;
  readonly way: () => Way;
  readonly settings?: Settings;
  /** What is counted and convicts nobody. */
  readonly counts: Settings & { readonly [count: string]: unknown };
}

const ACQUITTED: readonly Acquitted[] = [
  ...(['telemetry', 'command', 'event', 'audit'] as const).map((trafficClass) => ({
    bridge: `is honest, class ${trafficClass}`,
    way: () => honest,
    settings: { trafficClass, expiresMs: 30_000 },
    counts: { sent: 400, arrived: 400, distinct: 400 },
  })),
  {
    bridge: 'keeps the newest telemetry of each key',
    way: () => broken.thins(PER_KEY),
    settings: { trafficClass: 'telemetry' },
    counts: { sent: 400 },
  },
  {
    bridge: 'repeats the last command of a key',
    way: broken.repeats,
    settings: { trafficClass: 'command' },
    counts: { sent: 400, arrived: 410, distinct: 400 },
  },
  {
    bridge: 'repeats, where that is allowed',
    way: broken.repeats,
    settings: { allowed: new Set(['duplicated']) },
    counts: { sent: 400, arrived: 410, distinct: 400 },
  },
  {
    bridge: 'puts commands into its dead letters',
    way: broken.loses,
    settings: { trafficClass: 'command', deadLetters: () => 10 },
    counts: { sent: 400, distinct: 390, deadLettered: 10 },
  },
];

void describe('a bridge that keeps its word is acquitted', { concurrency: 8 }, () => {
  for (const { bridge, way, settings, counts } of ACQUITTED) {
    void test(`a bridge that ${bridge}`, async () => {
      const report = await verifyOnMemory(way(), settings);
      assert.ok(report.ok, JSON.stringify(report.verdicts));
      for (const [name, count] of Object.entries(counts)) assert.equal(Reflect.get(report, name), count, name);
    });
  }
});
