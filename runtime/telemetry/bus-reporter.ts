import type { BusContext, BusEvent } from '#contract/bus.ts';
import type { SluiceError } from '#contract/errors.ts';
import type { Log } from '#contract/log.ts';
import type { Health } from './health.ts';

/** How often the same problem is logged again while it lasts. */
const REPEAT_MS = 30_000;
const RECONNECTS =
  'The bridge connects again by itself. Look whether the server runs, and whether the network lets the bridge through.';

export interface ReporterSettings extends Pick<BusContext, 'route' | 'connection' | 'direction'> {
  readonly log: Log;
  readonly health: Health;
  readonly onUp: () => void;
  readonly onProblem: (error: SluiceError) => void;
  /** A working connection has ended; `renewed`: its driver gave it up. */
  readonly onDown?: (renewed: boolean) => void;
  /** Each notice, also those that are not logged again. */
  readonly onNotice?: (code: string) => void;
  /** Each loss; `messages` is absent where the number is unknown. */
  readonly onLoss?: (code: string, messages: number | undefined) => void;
}

/** Turns the events of a connection into log lines, readiness and callbacks. A repeated problem is one line, until it changes. */
export function busReporter(settings: ReporterSettings): (event: BusEvent) => void {
  const { log, health, route, connection, direction, onUp, onProblem, onDown, onNotice, onLoss } = settings;
  const end = `${route} ${direction}`;
  const place = { route, bus: connection, end: direction };
  const notices = new Set<string>();
  /** By code: two alternating problems are still two lines. */
  const logged = new Map<string, { readonly text: string; readonly atMs: number }>();
  let down: string | undefined = `not connected to ${connection} yet`;
  let downRemedy = RECONNECTS;
  let suspended: string | undefined;
  const updateHealth = (): void => {
    const why = down ?? suspended;
    health.set(end, why === undefined, why, down === undefined ? undefined : downRemedy);
  };
  updateHealth();
  return (event) => {
    switch (event.kind) {
      case 'connected':
        logged.clear();
        down = undefined;
        updateHealth();
        log.info('connected', { ...place, text: event.detail });
        return onUp();
      case 'disconnected':
        down = `disconnected from ${connection}: ${event.detail}`;
        downRemedy = RECONNECTS;
        updateHealth();
        // The bridge itself closes its connections while it stops.
        if (health.isDraining) return undefined;
        onDown?.(event.renewed ?? false);
        return log.warn(event.renewed === true ? 'connection-renewed' : 'disconnected', {
          ...place,
          text: event.detail,
        });
      case 'renewed':
        onDown?.(true);
        return log.warn('connection-renewed', { ...place, text: event.detail });
      case 'suspended':
        if (suspended !== event.detail) log.warn('suspended', { ...place, text: event.detail });
        suspended = event.detail;
        return updateHealth();
      case 'resumed':
        if (suspended !== undefined) log.info('resumed', { ...place, text: event.detail });
        suspended = undefined;
        return updateHealth();
      case 'problem': {
        const { code, message, remedy } = event.error;
        if (down !== undefined) {
          down = `${code} ${message}`;
          downRemedy = remedy;
          updateHealth();
        }
        const last = logged.get(code);
        if (last?.text !== message || performance.now() - last.atMs >= REPEAT_MS) {
          logged.set(code, { text: message, atMs: performance.now() });
          log.error('bus-problem', { ...place, code, text: `${message}. ${remedy}` });
        }
        return onProblem(event.error);
      }
      case 'loss': {
        const { code, text, messages } = event;
        onLoss?.(code, messages);
        return log.error('bus-loss', { ...place, code, text, ...(messages !== undefined && { messages }) });
      }
      case 'notice':
        onNotice?.(event.code);
        if (!notices.has(event.code)) {
          notices.add(event.code);
          log.warn('bus-notice', { ...place, code: event.code, text: event.text });
        } else log.debug?.('bus-notice', { ...place, code: event.code, text: event.text });
    }
  };
}
