import type { RouteStatus, Status } from '../../runtime/admin/status/status.ts';

/** What a stranger may put into names, addresses and texts. */
export const HOSTILE = '<script>alert(1)</script>"\'&\u202Egnp.\u001B[2J\uD800';

export function routeForTest(more: Partial<RouteStatus> = {}): RouteStatus {
  const end = { bus: 'mqtt', isConnected: true, reconnects: 0 };
  return {
    name: 'positions',
    class: 'telemetry',
    state: 'down',
    why: ['positions sink: BUS_AUTH wrong password, for 12 s'],
    source: { ...end, connection: 'field', address: `fleet/${HOSTILE}`, lagMessages: 12, lagSeconds: 3 },
    stages: [{ name: `validate ${HOSTILE}`, in: 10, out: 9, rate: 4, p99Seconds: 0.002 }],
    sinks: [{ ...end, isConnected: false, connection: 'core', address: HOSTILE, sent: 9, rate: 0 }],
    counts: {
      accepted: 20,
      delivered: 9,
      dropped: 1,
      superseded: 1,
      expired: 1,
      deadLettered: 2,
      blocked: 1,
      held: 5,
      repeated: 0,
      retries: 7,
    },
    rates: { overSeconds: 5, accepted: 43, delivered: 42, retries: 1 },
    window: { messages: 5, messageLimit: 64, mostMessages: 128, bytes: 900, byteLimit: 1000, isPaused: false },
    latency: { p50Seconds: 0.002, p99Seconds: 0.04, messages: 9, overSeconds: 60 },
    deadLetters: { stored: 3, bytes: 300, oldestAt: '2026-11-28T11:00:00.000Z', byCode: { SCHEMA_INVALID: 3 } },
    history: { stepSeconds: 5, accepted: [1, 5], delivered: [1, 4], held: [0, 5], deadLettered: [0, 3] },
    ...more,
  };
}

/** A pipeline whose sink is down, with hostile names wherever a stranger chooses them. */
export function statusForTest(more: Partial<Status> = {}): Status {
  return {
    version: 1,
    at: '2026-11-28T12:00:00.000Z',
    pipeline: 'fleet',
    startedAt: '2026-11-28T11:00:00.000Z',
    state: 'down',
    why: ['positions: positions sink: BUS_AUTH wrong password'],
    isReady: false,
    isStopping: false,
    parts: [
      { name: 'positions source', isUp: true, since: '2026-11-28T11:00:00.000Z', forSeconds: 3600 },
      {
        name: 'positions sink',
        isUp: false,
        why: 'BUS_AUTH wrong password',
        remedy: `Give the right one. ${HOSTILE}`,
        since: '2026-11-28T11:59:48.000Z',
        forSeconds: 12,
      },
    ],
    routes: [routeForTest()],
    errors: [
      {
        at: '2026-11-28T11:59:50.000Z',
        firstAt: '2026-11-28T11:00:00.000Z',
        count: 3,
        route: 'positions',
        event: 'dead-letter',
        code: 'SCHEMA_INVALID',
        text: `expected a body, found ${HOSTILE}`,
        remedy: 'Fix the publisher.',
        traceId: '0123456789abcdef0123456789abcdef',
      },
    ],
    ...more,
  };
}
