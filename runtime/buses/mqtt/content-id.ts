import { crc32 } from 'node:zlib';
import { bytesFor } from '#contract/body.ts';
import type { Frame } from '#contract/frame.ts';

/** Topics whose checksum is remembered: a fleet has few, and a flood of new ones begins anew. */
const MAX_TOPICS = 4096;
const topics = new Map<string, string>();

/** What a message without an id of its own is told by beside its packet id: checksums of payload and topic, and length. */
export function contentId(frame: Frame): string {
  const body = bytesFor('MQTT', frame);
  return `${crc32(body).toString(16)}-${topicId(frame.address)}-${body.length.toString(16)}`;
}

function topicId(topic: string): string {
  let id = topics.get(topic);
  if (id === undefined) {
    if (topics.size >= MAX_TOPICS) topics.clear();
    id = crc32(topic).toString(16);
    topics.set(topic, id);
  }
  return id;
}
