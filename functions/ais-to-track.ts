import { drop, emit, reject, type Transform } from 'sluice';
import type { TrackV1 } from '../schemas/types.d.ts';
import { positionOf } from './ais/position.ts';
import { type Sentence, sentenceOf } from './ais/sentence.ts';

/** `time: receipt` takes the time at which the bridge reads a sentence that has no time of its own. */
interface Options {
  readonly time?: 'receipt';
}

/** More lines than a receiver puts into one message. */
const MOST_LINES = 1000;
/** The end of 9999: a later time has no date-time. */
const LATEST_MS = 253_402_300_799_999;

/**
 * AIS sentences (AIVDM, AIVDO), one in a line, to track.v1. The parts of a message have to arrive in one body, in any order, because a
 * function remembers nothing of the body before. One line that is wrong rejects the whole body: nothing of it is sent.
 */
const toTracks: Transform<string, TrackV1> = (body, context) => {
  const { time } = context.options as Options;
  const lines = body.split(/\r?\n/).filter((line) => line !== '');
  if (lines.length === 0 || lines.length > MOST_LINES) return reject(`a body of ${lines.length} sentences`);
  const sentences: Sentence[] = [];
  for (const [index, line] of lines.entries()) {
    const sentence = sentenceOf(line);
    if (typeof sentence === 'string') return reject(`line ${index + 1}: ${sentence}`);
    sentences.push(sentence);
  }
  const messages = messagesOf(sentences);
  if (typeof messages === 'string') return reject(messages);
  const tracks: TrackV1[] = [];
  const reasons: string[] = [];
  for (const { payload, fillBits, timeMs = time === 'receipt' ? Date.now() : undefined } of messages) {
    const decoded = positionOf(payload, fillBits);
    if ('wrong' in decoded) return reject(decoded.wrong);
    if ('none' in decoded) {
      reasons.push(decoded.none);
      continue;
    }
    // AIS itself sends the second of the minute alone.
    if (timeMs === undefined) return reject('no time: no TAG block with c: stands before the sentence');
    if (timeMs > LATEST_MS) return reject('the time in the TAG block is behind the year 9999');
    const { mmsi, kind, latitude, longitude, altitudeM, ...motion } = decoded.position;
    const position = { latitude, longitude, ...(altitudeM !== undefined && { altitudeM }) };
    tracks.push({ id: mmsi, kind, time: new Date(timeMs).toISOString(), position, ...motion });
  }
  return tracks.length === 0 ? drop([...new Set(reasons)].join('; ')) : emit(...tracks);
};

export default toTracks;

interface Message {
  readonly payload: string;
  readonly fillBits: number;
  readonly timeMs: number | undefined;
}

/** The messages that the sentences are parts of, in the order in which they are whole, or which part is wrong or missing. */
function messagesOf(sentences: readonly Sentence[]): readonly Message[] | string {
  const messages: Message[] = [];
  const open = new Map<string, Map<number, Sentence>>();
  for (const sentence of sentences) {
    const { series, part, parts, fillBits } = sentence;
    const found = open.get(series) ?? new Map<number, Sentence>();
    if (found.has(part)) return `part ${part} of ${parts} twice`;
    // They would stand in the middle of the message, and move every field behind them.
    if (fillBits > 0 && part < parts) return `fill bits in part ${part} of ${parts}`;
    open.set(series, found.set(part, sentence));
    if (found.size < parts) continue;
    open.delete(series);
    const ordered = [...found.values()].toSorted((one, other) => one.part - other.part);
    const timeMs = ordered.find((one) => one.timeMs !== undefined)?.timeMs;
    const payload = ordered.map((one) => one.payload).join('');
    messages.push({ payload, fillBits: ordered.at(-1)?.fillBits ?? 0, timeMs });
  }
  const [unfinished] = open.values();
  if (unfinished === undefined) return messages;
  const { parts = 0 } = [...unfinished.values()][0] ?? {};
  const missing = Array.from({ length: parts }, (_, index) => index + 1).find((part) => !unfinished.has(part));
  return `part ${missing} of ${parts} is missing`;
}
