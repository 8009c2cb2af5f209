import type { BusContext, BusEvent } from '#contract/bus.ts';
import type { SluiceError } from '#contract/errors.ts';
import type { Log } from '#contract/log.ts';
import type { Health } from './telemetry/health.ts';

/** How often the same problem is said again while it lasts. */
const REPEAT_MS = 30_000;

export interface ReporterSettings extends Pick<BusContext, 'route' | 'connection' | 'direction'> {
  readonly log: Log;
  readonly health: Health;
  readonly onUp: () => void;
  readonly onProblem: (error: SluiceError) => void;
  readonly onRenewed: () => void;
}

/** Turns what a connection tells of itself into log lines, readiness and decisions. A repeated problem is one line, until it changes. */
export function busReporter(settings: ReporterSettings): (event: BusEvent) => void {
  const { log, health, route, connection, direction, onUp, onProblem, onRenewed } = settings;
  const end = `${route} ${direction}`;
  const place = { route, bus: connection, end: direction };
  const notices = new Set<string>();
  let said = { text: '', atMs: 0 };
  health.set(end, false);
  return (event) => {
    switch (event.kind) {
      case 'connected':
        said = { text: '', atMs: 0 };
        health.set(end, true);
        log.info('connected', { ...place, text: event.detail });
        return onUp();
      case 'disconnected':
        health.set(end, false);
        // Our own farewell is no news.
        if (health.isDraining) return undefined;
        return log.warn('disconnected', { ...place, text: event.detail });
      case 'renewed':
        onRenewed();
        return log.warn('connection-renewed', { ...place, text: event.detail });
      case 'problem': {
        const { code, message, remedy } = event.error;
        if (said.text !== message || performance.now() - said.atMs >= REPEAT_MS) {
          said = { text: message, atMs: performance.now() };
          log.error('bus-problem', { ...place, code, text: `${message}. ${remedy}` });
        }
        return onProblem(event.error);
      }
      case 'loss':
        return log.error('bus-loss', { ...place, code: event.code, text: event.text });
      case 'notice':
        if (!notices.has(event.code)) {
          notices.add(event.code);
          log.warn('bus-notice', { ...place, code: event.code, text: event.text });
        }
    }
  };
}
