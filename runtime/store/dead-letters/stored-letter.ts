import type { Frame } from '#contract/frame.ts';
import { frameOf, numberOf, type LetterRow, textOf } from './row.ts';

/** A stored letter without its frame. */
export interface LetterSummary {
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
  /** `requested`, `issued`: the letter is in replay. `failed`: its last replay failed. */
  readonly replay: string | undefined;
}

/** With its frame. */
export interface StoredLetter extends LetterSummary {
  readonly frame: Frame;
}

/** Columns of a LetterSummary: no body is read for a list. */
export const SUMMARY_COLUMNS = `number, pipeline, dead_letters.route AS route, coordinates, id, address, coalesce(route_key, key) AS shown_key,
  label, code, text, stage, position, schema, pointer, cause, attempts, trace_id, span_id, received_at_ms, died_at_ms, bytes,
  replays.state AS replay`;

export function letterSummary(row: LetterRow): LetterSummary {
  const text = (name: string): string => textOf(row[name]) ?? '';
  const whole = (name: string): number => numberOf(row[name]) ?? 0;
  const replay = textOf(row['replay']);
  return {
    number: whole('number'),
    pipeline: text('pipeline'),
    route: text('route'),
    coordinates: text('coordinates'),
    id: text('id'),
    address: text('address'),
    key: textOf(row['shown_key']),
    label: textOf(row['label']),
    code: text('code'),
    text: text('text'),
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

export function storedLetter(row: LetterRow): StoredLetter {
  return { ...letterSummary(row), frame: frameOf(row) };
}
