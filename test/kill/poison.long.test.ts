import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readLetters } from '../host/memory-run.ts';
import { serverTest } from '../harness/server-test.ts';
import { waitFor } from '../harness/wait-for.ts';
import { backlog } from './backlog.ts';
import { type Bridge, stateFolder } from '../harness/bridge.ts';
import type { LogLine } from '../harness/sluice-process.ts';
import { advanced, drained, settleIn, stopped } from './drain.ts';
import { FLAWLESS, judge, type Mark } from './judge.ts';
import { type Field, type Scene, setScene } from './scene.ts';

const NONE: LogLine = { level: '', event: 'none' };
const TOTAL = 500;
const KEYS = 5;
const POISON: Mark = { key: 'unit-2', number: 37 };
const RUN_MS = 60_000;
const TIMEOUT = '1s';

interface Poison {
  readonly does: string;
  readonly code: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** The bridge's process ends at most so often. */
  readonly ends: number;
  readonly isAsync?: true;
}

const POISONS: Readonly<Record<string, Poison>> = {
  // The watching thread knows its name: no run without a crashNote.
  loop: { does: 'loops for ever', code: 'for (;;);', ends: 3 },
  later: {
    does: 'loops for ever behind an await',
    code: 'await new Promise((done) => setTimeout(done, 5)); for (;;);',
    ends: 4,
    isAsync: true,
  },
  abort: { does: 'aborts the process', code: 'process.abort();', ends: 4 },
  exit: { does: 'ends the process', code: 'process.exit(0);', ends: 4 },
  memory: {
    does: 'exhausts the memory',
    code: 'const all = []; for (;;) all.push({ n: all.length, text: `${all.length}` });',
    environment: { NODE_OPTIONS: '--max-old-space-size=96' },
    ends: 4,
  },
};

function source({ code, isAsync }: Poison): string {
  return `export default ${isAsync === true ? 'async ' : ''}({ unit, n, lat, lon, kmh }) => {
  if (unit === '${POISON.key}' && n === ${POISON.number}) {
    ${code}
  }
  return { id: unit, sequence: n, position: { latitude: lat, longitude: lon }, speedMps: kmh };
};\n`;
}

async function poisonedScene(kind: Field, poison: Poison, isolate: object = {}): Promise<Scene> {
  const stages = [{ function: 'report-to-track', timeout: TIMEOUT, ...isolate }, { validate: 'track.v1' }];
  const retry = { attempts: 2, backoff: '10ms..20ms' };
  const scene = await setScene(kind, { route: { stages, words: { retry } }, environment: poison.environment ?? {} });
  scene.project.transform(source(poison));
  return scene;
}

const letters = (scene: Scene) => readLetters(stateFolder(scene.project.folder, 'fleet'));

/** As a supervisor does: starts the bridge again whenever it ends, until all has come through but one. */
async function supervise(scene: Scene, mostEnds: number): Promise<{ ends: number; bridge: Bridge }> {
  for (let ends = 0; ; ends += 1) {
    const bridge = scene.start();
    const outcome = await waitFor(
      async () => bridge.exit ?? ((await scene.tracks.count()) >= TOTAL - 1 && letters(scene).length > 0 && 'through'),
      RUN_MS,
      'the bridge to end, or to have passed everything',
    );
    if (outcome === 'through') return { ends, bridge };
    assert.ok(ends < mostEnds, `end ${ends + 1} (${outcome}): ${await scene.tracks.count()} tracks\n${bridge.tail()}`);
  }
}

void describe('poison messages', { concurrency: 2 }, () => {
  const needs = ['mosquitto-process', 'nats-process'] as const;
  for (const kind of ['mqtt', 'jetstream'] as const satisfies readonly Field[]) {
    for (const poison of Object.values(POISONS)) {
      serverTest(
        `a message from ${kind} whose function ${poison.does} ends the bridge at most ${poison.ends} times: then it is a dead letter, and all others arrive, once and in order`,
        { needs },
        async (t) => {
          await using scene = await poisonedScene(kind, poison);
          await settleIn(scene);
          const sent = [...backlog(KEYS, TOTAL)];
          await scene.publish(sent);
          const { ends, bridge } = await supervise(scene, poison.ends);
          t.diagnostic(`the bridge ended ${ends} times`);
          assert.ok(ends > 0, 'nothing ended the bridge: it proves nothing');
          await drained(scene, TOTAL - 1, bridge);
          const found = letters(scene);
          assert.deepEqual(
            found.map(({ code, route }) => [code, route]),
            [['PROCESS_ENDED', 'positions']],
          );
          assert.match(String(found[0]?.['text']), /ended 3 times/);
          const body = JSON.parse(Buffer.from(found[0]?.['body'] as Uint8Array).toString()) as {
            unit: string;
            n: number;
          };
          assert.deepEqual({ key: body.unit, number: body.n }, POISON);
          const wanted = sent.filter(({ key, number }) => key !== POISON.key || number !== POISON.number);
          assert.deepEqual(judge(wanted, await scene.stored()), FLAWLESS);
        },
      );
    }
  }

  for (const [name, poison] of Object.entries(POISONS)) {
    serverTest(
      `with isolate: worker a message whose function ${poison.does} never ends the bridge: it is a dead letter, and all others arrive, once and in order`,
      { needs },
      async () => {
        const isolate = { isolate: 'worker', memory: '96MiB', ...(name === 'memory' && { timeout: '30s' }) };
        await using scene = await poisonedScene('jetstream', poison, isolate);
        await settleIn(scene);
        const sent = [...backlog(KEYS, TOTAL)];
        await scene.publish(sent);
        const { bridge } = await supervise(scene, 0);
        await stopped(bridge);
        assert.equal(letters(scene).length, 1);
        const wanted = sent.filter(({ key, number }) => key !== POISON.key || number !== POISON.number);
        assert.deepEqual(judge(wanted, await scene.stored()), FLAWLESS);
      },
    );
  }

  serverTest(
    'the log names the message that held up the event loop, and how',
    { needs: ['nats-process'] },
    async () => {
      await using scene = await poisonedScene('jetstream', POISONS['loop'] as Poison);
      await settleIn(scene);
      await scene.publish([...backlog(KEYS, TOTAL)]);
      const bridge = scene.start();
      await waitFor(() => bridge.exit, RUN_MS, 'the bridge to end');
      assert.equal(bridge.exit, 'SIGKILL');
      const { text, time, ...line } = bridge.lines().find(({ event }) => event === 'stuck') ?? NONE;
      const position = [...backlog(KEYS, TOTAL)].findIndex(
        ({ key, number }) => key === POISON.key && number === POISON.number,
      );
      assert.deepEqual(line, {
        event: 'stuck',
        level: 'error',
        pipeline: 'fleet',
        code: 'TRANSFORM_STUCK',
        route: 'positions',
        stage: 'function report-to-track',
        delivery: String(line['delivery']),
      });
      assert.match(line['delivery'], new RegExp(`^REPORTS@\\w+:${position + 1}$`));
      assert.match(String(text), /stood still for [2-4]\d\d\d ms/);
      assert.ok(time);
    },
  );

  serverTest(
    'a bridge that is stopped by SIGSTOP for longer than its limits goes on as if nothing had been',
    { needs: ['nats-process'] },
    async () => {
      await using scene = await poisonedScene('jetstream', { does: 'nothing', code: '', ends: 0 });
      await settleIn(scene);
      const bridge = scene.start();
      await bridge.ready();
      bridge.signal('SIGSTOP');
      await sleep(4000);
      bridge.signal('SIGCONT');
      await sleep(2500);
      assert.equal(bridge.exit, undefined, bridge.tail());
      const sent = [...backlog(KEYS, TOTAL)];
      await scene.publish(sent);
      await drained(scene, TOTAL, bridge);
    },
  );

  serverTest(
    'the crash quarantine follows a kill, and does not follow an orderly end',
    { needs: ['nats-process'] },
    async () => {
      await using scene = await setScene('jetstream');
      const inQuarantine = (bridge: Bridge): boolean =>
        bridge.lines().some(({ event }) => event === 'crash-quarantine');
      await settleIn(scene);
      const second = scene.start();
      await second.ready();
      assert.equal(inQuarantine(second), false);
      const sent = [...backlog(KEYS, TOTAL)];
      await scene.publish(sent);
      await advanced(scene, 100, second);
      await second.kill();
      const third = scene.start();
      await drained(scene, TOTAL, third);
      assert.equal(inQuarantine(third), true);
      const fourth = scene.start();
      await fourth.ready();
      assert.equal(inQuarantine(fourth), false);
      await stopped(fourth);
      assert.deepEqual(judge(sent, await scene.stored()), FLAWLESS);
    },
  );

  serverTest(
    'a bridge that is killed again and again in the crash quarantine quarantines no message',
    { needs: ['nats-process'] },
    async () => {
      await using scene = await setScene('jetstream');
      await settleIn(scene);
      const sent = [...backlog(KEYS, 20 * TOTAL)];
      await scene.publish(sent);
      for (let kills = 0; kills < 6; kills += 1) {
        const before = await scene.tracks.count();
        const bridge = scene.start();
        await advanced(scene, before + 20, bridge);
        await bridge.kill();
      }
      assert.ok((await scene.tracks.count()) < sent.length, 'all was drained before the last kill: it proves nothing');
      await drained(scene, sent.length);
      assert.deepEqual(letters(scene), []);
      assert.deepEqual(judge(sent, await scene.stored()), FLAWLESS);
    },
  );
});
