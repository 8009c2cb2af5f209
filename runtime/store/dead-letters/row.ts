import type { DeadLetter } from '#contract/dead-letter.ts';
import type { SluiceError } from '#contract/errors.ts';
import type { Frame, HeaderType } from '#contract/frame.ts';

export type LetterRow = Record<string, unknown>;
type Parameters = Record<string, string | number | null | Uint8Array>;

export const INSERT = `
INSERT INTO dead_letters (pipeline, route, coordinates, id, address, key, headers, header_types, body, publisher_id,
  content_type, timestamp_ms, expires_at_ms, label, code, stage, position, text, cause, attempts, trace_id,
  received_at_ms, died_at_ms, route_key, schema, pointer, span_id, kept_at_ms, stamped_by)
VALUES (:pipeline, :route, :coordinates, :id, :address, :key, :headers, :headerTypes, :body, :publisherId,
  :contentType, :timestampMs, :expiresAtMs, :label, :code, :stage, :position, :text, :cause, :attempts, :traceId,
  :receivedAtMs, :diedAtMs, :routeKey, :schema, :pointer, :spanId, :keptAtMs, :stampedBy) RETURNING number, bytes`;

/** A replayed letter that failed again: its failure is new, its message stays as it was. */
export const UPDATE = `
UPDATE dead_letters SET id = :id, route_key = :routeKey, label = :label, code = :code, stage = :stage,
  position = :position, text = :text, cause = :cause, schema = :schema, pointer = :pointer, attempts = :attempts,
  trace_id = :traceId, span_id = :spanId, died_at_ms = :diedAtMs, kept_at_ms = :keptAtMs WHERE number = :number RETURNING bytes`;

/** A letter as the columns of a new row. `keptAtMs`: when it begins to age, by the store's own clock. */
export function rowOf(letter: DeadLetter, keptAtMs: number): Parameters {
  const { frame } = letter;
  return {
    ...endOf(letter, keptAtMs),
    pipeline: letter.pipeline,
    route: letter.route,
    coordinates: letter.coordinates,
    address: frame.address,
    key: frame.key ?? null,
    headers: JSON.stringify([...frame.headers]),
    headerTypes: frame.headerTypes === undefined ? null : JSON.stringify([...frame.headerTypes]),
    body: frame.body,
    publisherId: frame.id ?? null,
    contentType: frame.contentType ?? null,
    timestampMs: whole(frame.timestampMs),
    stampedBy: frame.stampedBy ?? null,
    expiresAtMs: whole(frame.expiresAtMs),
    receivedAtMs: Math.round(letter.receivedAtMs),
  };
}

/** The columns that a further failure changes. */
export function endOf({ failure, ...letter }: DeadLetter, keptAtMs: number): Parameters {
  return {
    keptAtMs,
    id: letter.id,
    routeKey: letter.key ?? null,
    label: letter.label ?? null,
    code: failure.code,
    stage: failure.place.stage ?? null,
    position: failure.place.position ?? null,
    schema: failure.place.schema ?? null,
    pointer: failure.place.pointer ?? null,
    text: failure.message,
    cause: cause(failure),
    attempts: letter.attempts,
    traceId: letter.traceId ?? null,
    spanId: letter.spanId ?? null,
    diedAtMs: Math.round(letter.diedAtMs),
  };
}

/** The value that the generated column `bytes` will have. */
export function letterBytes({ frame, failure }: DeadLetter): number {
  const { address, key = '', contentType = '', id = '' } = frame;
  const texts = [
    JSON.stringify([...frame.headers]),
    failure.message,
    cause(failure) ?? '',
    address,
    key,
    contentType,
    id,
  ];
  return (frame.body?.length ?? 0) + Buffer.byteLength(texts.join(''));
}

/** The frame as it was read. */
export function frameOf(row: LetterRow): Frame {
  const types = textOf(row['header_types']);
  const body = row['body'];
  return {
    address: textOf(row['address']) ?? '',
    key: textOf(row['key']),
    headers: new Map<string, readonly string[]>(listOf(row['headers'])),
    headerTypes: types === undefined ? undefined : new Map<string, readonly HeaderType[]>(listOf(types)),
    body: body instanceof Uint8Array ? body : null,
    id: textOf(row['publisher_id']),
    contentType: textOf(row['content_type']),
    timestampMs: numberOf(row['timestamp_ms']),
    stampedBy: row['stamped_by'] === 'server' ? 'server' : undefined,
    expiresAtMs: numberOf(row['expires_at_ms']),
  };
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function listOf<T>(json: unknown): [string, readonly T[]][] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by rowOf
  return JSON.parse(textOf(json) ?? '[]') as [string, readonly T[]][];
}

function whole(ms: number | undefined): number | null {
  // A header may claim any time; the column holds whole numbers.
  return ms === undefined || !Number.isSafeInteger(Math.round(ms)) ? null : Math.round(ms);
}

function cause(failure: SluiceError): string | null {
  if (typeof failure.cause === 'string') return failure.cause;
  return failure.cause instanceof Error ? (failure.cause.stack ?? failure.cause.message) : null;
}
