import type { RunningPipeline } from '../host/pipeline.ts';
import { newLog, type WrittenLog } from '../telemetry/log.ts';
import { type LogSettings, processLog } from './process-log.ts';
import { RouteLines } from './route-lines.ts';
import { fitted, newScreen } from './screen.ts';

/** A log, and beneath it one live line a route if the output is a terminal. */
export interface LiveLog {
  readonly log: WrittenLog;
  /** Shows the routes of a pipeline from now on. The function returned removes the lines. */
  readonly show: (pipeline: Pick<RunningPipeline, 'numbers'>) => () => void;
}

const DRAW_MS = 500;

/** On standard error. A terminal that cannot move its cursor (`TERM=dumb`), and any other output, gets only the log. */
export function liveLog(settings: LogSettings = {}, out: NodeJS.WriteStream = process.stderr): LiveLog {
  if (!out.isTTY || process.env['TERM'] === 'dumb') return { log: processLog(settings), show: () => () => {} };
  out.on('error', () => {});
  const screen = newScreen(out);
  const lines = new RouteLines();
  const log = newLog({
    isJson: false,
    write: (line) => out.write(line),
    summarises: true,
    ...(settings.levels !== undefined && { levels: settings.levels }),
  });
  process.once('exit', () => log.flush());
  return {
    log: {
      ...log,
      warn(event, fields = {}) {
        if (event === 'dead-letter') lines.deadLettered(String(fields['route']), String(fields['code']));
        log.warn(event, fields);
      },
    },
    show(pipeline) {
      const timer = setInterval(() => {
        const routes = lines.lines(pipeline.numbers(), performance.now());
        // More lines than the terminal has cannot be drawn over. A terminal without a height reports 0.
        const drawn = routes.slice(0, Math.max(1, (out.rows || 24) - 1)).map((line) => fitted(line, out.columns));
        if (drawn.length > 0) screen.draw(drawn);
      }, DRAW_MS);
      timer.unref();
      return () => {
        clearInterval(timer);
        screen.clear();
      };
    },
  };
}
