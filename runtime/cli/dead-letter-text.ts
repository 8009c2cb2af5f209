import { harmless } from '#kit/printable.ts';
import type { StoredLetter } from '../store/dead-letters/stored-letter.ts';
import { bodyLines } from '../codecs/body-lines.ts';
import { moment } from './dead-letter-json.ts';

/** A letter for people: its end, its envelope, its body. `changedBy`: the stage that changed the body before the refusing one, `function NAME`. */
export function deadLetterText(letter: StoredLetter, changedBy: string | undefined): string {
  const { frame } = letter;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['code', letter.code],
    ['text', letter.text],
    ['stage', letter.stage],
    ['position', letter.position],
    ['schema', letter.schema],
    ['pointer', pointerText(letter, changedBy)],
    ['attempts', String(letter.attempts)],
    ['died', moment(letter.diedAtMs)],
    ['received', moment(letter.receivedAtMs)],
    ['made', moment(frame.timestampMs)],
    ['expires', moment(frame.expiresAtMs)],
    ['pipeline', letter.pipeline],
    ['route', letter.route],
    ['address', letter.address],
    ['key', letter.key],
    ['label', letter.label],
    ['id', letter.id],
    ['coordinates', letter.coordinates],
    ['publisher id', frame.id],
    ['content type', frame.contentType],
    ['trace', letter.traceId === undefined ? undefined : `${letter.traceId} span ${letter.spanId ?? 'unknown'}`],
    ['replay', letter.replay],
  ];
  const lines = [
    `letter ${letter.number}`,
    ...facts.flatMap(([name, value]) => (value === undefined ? [] : [`  ${name.padEnd(13)} ${harmless(value)}`])),
  ];
  if (letter.cause !== undefined) lines.push('cause', ...letter.cause.split('\n').map((line) => `  ${harmless(line)}`));
  if (frame.headers.size > 0) lines.push('headers');
  for (const [name, values] of frame.headers) {
    for (const value of values) lines.push(`  ${harmless(name)}: ${harmless(value)}`);
  }
  const pointer = changedBy === undefined ? letter.pointer : undefined;
  const body = bodyLines(frame.body, frame.contentType, pointer);
  lines.push(`body (${body.kind}, ${frame.body?.length ?? 0} bytes)`, ...body.lines.map((line) => `  ${line}`));
  return `${lines.join('\n')}\n`;
}

function pointerText({ pointer }: StoredLetter, changedBy: string | undefined): string | undefined {
  if (pointer === undefined) return undefined;
  const place = pointer === '' ? '(the whole body)' : pointer;
  return changedBy === undefined ? place : `${place}, in the body that ${changedBy} made of the one below`;
}
