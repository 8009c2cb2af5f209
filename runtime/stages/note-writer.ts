import type { Log } from '#contract/log.ts';
import type { StageTrace } from '#contract/trace.ts';
import { functionLog, placeOf } from './function-log.ts';
import type { Note } from './thread-messages.ts';

/** Where the function runs. */
interface Place {
  readonly name: string;
  readonly pipeline: string;
  readonly route: string;
  readonly log: Log;
}

/** Writes what a function says in its thread: lines into the log of the process, the rest into the span of the call. */
export function noteWriter(place: Place, id: string, trace: StageTrace | undefined): (note: Note) => void {
  return (note) => {
    if (note.kind === 'log') {
      const { level, text, fields } = note;
      functionLog(place.log, placeOf(place, id, trace))[level](text, fields);
    } else if (trace !== undefined) {
      const method: unknown = trace.span[note.method];
      if (typeof method === 'function') Reflect.apply(method, trace.span, [...note.values]);
    }
  };
}
