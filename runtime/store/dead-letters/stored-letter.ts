import type { Frame } from '#contract/frame.ts';
import { frameOf, numberOf, type Row, textOf } from './row.ts';

/** A letter as the store has it, but for what it carried. */
export interface KeptLetter {
  readonly number: number;
  readonly pipeline: string;
  readonly route: string;
  readonly coordinates: string;
  readonly id: string;
  readonly address: string;
  readonly key: string | undefined;
  readonly label: string | undefined;
  readonly code: string;
  readonly text: string;
  readonly stage: string | undefined;
  readonly position: string | undefined;
  readonly schema: string | undefined;
  readonly pointer: string | undefined;
  readonly cause: string | undefined;
  readonly attempts: number;
  readonly traceId: string | undefined;
  readonly spanId: string | undefined;
  readonly receivedAtMs: number;
  readonly diedAtMs: number;
  readonly bytes: number;
  /** `requested`, `issued`: it is on its way back. `failed`: its last replay was. */
  readonly replay: string | undefined;
}

/** With what it carried. */
export interface WholeLetter extends KeptLetter {
  readonly frame: Frame;
}

/** Columns of a KeptLetter: no body is read for a list. */
export const KEPT = `number, pipeline, dead_letters.route AS route, coordinates, id, address, coalesce(route_key, key) AS shown_key,
  label, code, text, stage, position, schema, pointer, cause, attempts, trace_id, span_id, received_at_ms, died_at_ms, bytes,
  replays.state AS replay`;

export function keptLetter(row: Row): KeptLetter {
  const must = (name: string): string => textOf(row[name]) ?? '';
  const whole = (name: string): number => numberOf(row[name]) ?? 0;
  const replay = textOf(row['replay']);
  return {
    number: whole('number'),
    pipeline: must('pipeline'),
    route: must('route'),
    coordinates: must('coordinates'),
    id: must('id'),
    address: must('address'),
    key: textOf(row['shown_key']),
    label: textOf(row['label']),
    code: must('code'),
    text: must('text'),
    stage: textOf(row['stage']),
    position: textOf(row['position']),
    schema: textOf(row['schema']),
    pointer: textOf(row['pointer']),
    cause: textOf(row['cause']),
    attempts: whole('attempts'),
    traceId: textOf(row['trace_id']),
    spanId: textOf(row['span_id']),
    receivedAtMs: whole('received_at_ms'),
    diedAtMs: whole('died_at_ms'),
    bytes: whole('bytes'),
    replay: replay === 'done' ? undefined : replay,
  };
}

export function wholeLetter(row: Row): WholeLetter {
  return { ...keptLetter(row), frame: frameOf(row) };
}
