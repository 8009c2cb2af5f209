import type { Frame, Headers } from '../../runtime/contract/frame.ts';
import { markedBody, MARK_HEADER, markText, nameOf, readMark } from '../../runtime/verify/mark.ts';

/** What a bridge takes from one message to the next. */
export type Load = Pick<Frame, 'key' | 'headers' | 'body'>;

/** One message through the bridge; `send` may be called any number of times, now or later. */
export type Way = (load: Load, send: (load: Load) => void) => void;

/** How often a fault is committed. */
const EVERY = 40;

/** A bridge that does its work. */
export const honest: Way = (load, send) => send(load);

/** Commits `fault` on every fortieth message, and is honest otherwise. */
function sometimes(fault: Way): Way {
  let count = 0;
  return (load, send) => {
    count += 1;
    (count % EVERY === 0 ? fault : honest)(load, send);
  };
}

/** Bridges that break their word in one way each, new ones at every call. */
export const broken = {
  loses: () => sometimes(() => {}),
  repeats: () =>
    sometimes((load, send) => {
      send(load);
      send(load);
    }),
  reorders: (): Way => {
    const held = new Map<string, Load>();
    const hold = sometimes((load) => void held.set(keyOf(load), load));
    return (load, send) => {
      const waiting = held.get(keyOf(load));
      held.delete(keyOf(load));
      if (waiting === undefined) return hold(load, send);
      send(load);
      return send(waiting);
    };
  },
  replaysOld: (): Way => {
    const last = new Map<string, Load>();
    const replay = sometimes((load, send) => {
      send(load);
      const old = last.get(keyOf(load));
      if (old !== undefined) send(old);
    });
    return (load, send) => {
      replay(load, send);
      last.set(keyOf(load), load);
    };
  },
  /** Holds what it gets from the hundredth message on for so long, once. */
  sitsOnThem: (holdMs: number): Way => {
    let count = 0;
    const held: Load[] = [];
    let isHolding = false;
    return (load, send) => {
      count += 1;
      if (count === 100) {
        isHolding = true;
        setTimeout(() => {
          isHolding = false;
          for (const one of held) send(one);
        }, holdMs);
      }
      if (isHolding) held.push(load);
      else send(load);
    };
  },
  losesLabels: () => sometimes((load, send) => send({ ...load, headers: withHeader(load, 'seclabel', undefined) })),
  changesLabels: () => sometimes((load, send) => send({ ...load, headers: withHeader(load, 'seclabel', 'U') })),
  spoils: () =>
    sometimes((load, send) => {
      const body = Buffer.from(load.body ?? []);
      // Within the padding, which stands last.
      body.writeUInt8(body.readUInt8(body.length - 6) ^ 1, body.length - 6);
      send({ ...load, body });
    }),
  cutsOff: () => sometimes((load, send) => send({ ...load, body: load.body?.subarray(0, 30) ?? null })),
  invents: () =>
    sometimes((load, send) => {
      send(load);
      const reading = readMark(load, 'body');
      if (reading.kind === 'unreadable') return;
      const mark = { ...reading.mark, number: reading.mark.number + 100_000 };
      send({ ...load, headers: withHeader(load, MARK_HEADER, markText(mark)), body: markedBody(mark, {}, 200) });
    }),
  babbles: () =>
    sometimes((load, send) => {
      send(load);
      send({ ...load, headers: new Map(), body: Buffer.from('???') });
    }),
  /** Falls silent for ever. */
  falls: (): Way => {
    let count = 0;
    return (load, send) => {
      count += 1;
      if (count < 100) send(load);
    };
  },
  /** Stops carrying one key, as a partition that nobody reads any more. */
  dropsAKey: (): Way => {
    let count = 0;
    return (load, send) => {
      count += 1;
      if (count < 100 || keyOf(load) !== 'k1') send(load);
    };
  },
  /** Forwards all but the last message of each key. */
  forgetsTheNewest: (perKey: number): Way => {
    return (load, send) => {
      if (!nameFrom(load).endsWith(` ${perKey}`)) send(load);
    };
  },
  /** One in three, the newest among them: what telemetry may do and nobody else. */
  thins: (perKey: number): Way => {
    let count = 0;
    return (load, send) => {
      count += 1;
      const [, number] = nameFrom(load).split(' ').map(Number);
      if (count % 3 === 0 || (number ?? 0) >= perKey) send(load);
    };
  },
} as const satisfies Record<string, (argument: never) => Way>;

function keyOf(load: Load): string {
  return nameFrom(load).split(' ')[0] ?? '';
}

function nameFrom(load: Load): string {
  const reading = readMark(load, 'body');
  return reading.kind === 'unreadable' ? '' : nameOf(reading.mark);
}

function withHeader({ headers }: Load, name: string, value: string | undefined): Headers {
  const changed = new Map(headers);
  changed.delete(name);
  if (value !== undefined) changed.set(name, [value]);
  return changed;
}
