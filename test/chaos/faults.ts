import { setTimeout as sleep } from 'node:timers/promises';
import type { Dice } from '../kill/random.ts';
import type { OwnEndpoint, Side } from '../brokers/test-bus.ts';

/** One thing that goes wrong, and that it is over. */
export interface Fault {
  readonly name: string;
  /** Resolves once things are as they should be again. */
  inject(roll: Dice): Promise<void>;
}

/** The bridge as faults see it. */
export interface Victim {
  kill(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
}

/** What can befall the surroundings of a bridge between these two. */
export function outsideFaults(source: OwnEndpoint, sink: OwnEndpoint): readonly Fault[] {
  return [...linkFaults('source', source), ...linkFaults('sink', sink)].concat(
    serverFaults('source', source),
    // One server at both ends goes but once.
    sink.server === source.server ? [] : serverFaults('sink', sink),
  );
}

/** What can befall the bridge itself. */
export function bridgeFaults(bridge: Victim, source: OwnEndpoint, sink: OwnEndpoint): readonly Fault[] {
  return [
    { name: 'bridge killed', inject: () => bridge.kill() },
    // What it holds then is neither here nor there: no kernel's buffer brings it on, as it does where a peer only sleeps.
    killedWithout('sink', bridge, sink),
    killedWithout('source', bridge, source),
    {
      name: 'bridge paused',
      async inject(roll) {
        bridge.signal('SIGSTOP');
        await sleep(roll(300, 2500));
        bridge.signal('SIGCONT');
      },
    },
  ];
}

function killedWithout(side: Side, bridge: Victim, { links }: OwnEndpoint): Fault {
  return {
    name: `bridge killed while its ${side} is away`,
    async inject(roll) {
      await links[side].cut();
      await sleep(roll(200, 1000));
      await bridge.kill();
      await sleep(roll(0, 500));
      await links[side].mend();
    },
  };
}

function linkFaults(side: Side, { links }: OwnEndpoint): Fault[] {
  const link = links[side];
  return [
    {
      name: `${side} link cut`,
      async inject(roll) {
        await link.cut();
        await sleep(roll(0, 1000));
        await link.mend();
      },
    },
    {
      name: `${side} link flapping`,
      async inject(roll) {
        for (let cut = 0; cut < 4; cut += 1) {
          await link.cut();
          await sleep(roll(0, 30));
          await link.mend();
          await sleep(roll(30, 300));
        }
      },
    },
    {
      name: `${side} link half open`,
      async inject(roll) {
        link.blackhole(roll(0, 1) === 0 ? 'up' : 'down');
        await sleep(roll(300, 2500));
        // It comes back, or it never does.
        if (roll(0, 1) === 0) await link.cut();
        await link.mend();
      },
    },
    {
      name: `${side} link slow`,
      async inject(roll) {
        link.delayMs(roll(20, 200));
        await sleep(roll(500, 2000));
        link.delayMs(0);
      },
    },
  ];
}

function serverFaults(side: Side, { server, restart, alarm }: OwnEndpoint): Fault[] {
  const paused: Fault = {
    name: `${side} server paused`,
    async inject(roll) {
      server.pause();
      await sleep(roll(300, 2500));
      server.resume();
    },
  };
  if (restart === 'never') return [];
  const restarted: Fault = {
    name: `${side} server ${restart === 'kill' ? 'killed' : 'restarted'}`,
    async inject() {
      await (restart === 'kill' ? server.kill() : server.stop());
      await server.restart();
    },
  };
  if (alarm === undefined) return [paused, restarted];
  const alarmed: Fault = {
    name: `${side} server's alarm`,
    async inject(roll) {
      await alarm(roll(300, 2000));
    },
  };
  return [paused, restarted, alarmed];
}

/** Draws from all faults before one comes again; the same order and the same lengths for the same dice. */
export function* drawn(faults: readonly Fault[], roll: Dice): Generator<Fault, never> {
  for (;;) {
    const deck = [...faults];
    while (deck.length > 0) {
      const [fault] = deck.splice(roll(0, deck.length - 1), 1);
      if (fault !== undefined) yield fault;
    }
  }
}
