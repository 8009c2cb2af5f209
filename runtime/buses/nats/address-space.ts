import { type Reach, serverName } from '#contract/reach.ts';
import { LEVELS } from '#kit/address-pattern.ts';
import type { CoreFrom } from './core/options.ts';
import type { JetStreamFrom, JetStreamTo } from './jetstream/options.ts';
import type { NatsConnectionOptions } from './options.ts';
import { parseServerUrl } from './server-url.ts';
import { subjectPattern } from './subject.ts';

// A publish reaches subscribers, and the stream that takes its subject.
const SUBSCRIBERS = 'subscribers';
const STREAMS = 'streams';
const stream = (name: string): string => `stream ${name}`;

export function servers({ url }: NatsConnectionOptions): readonly string[] {
  return (typeof url === 'string' ? [url] : url).flatMap((text) => {
    const server = parseServerUrl(text);
    if (server === undefined) return [];
    const host = server.host.includes(':') ? `[${server.host}]` : server.host;
    return [serverName('nats', host, server.port)];
  });
}

export const CORE_WRITES: readonly string[] = [SUBSCRIBERS, STREAMS];

export function coreReads({ subjects }: CoreFrom): readonly Reach[] {
  return subjects.map((filter, at) => ({
    spaces: [SUBSCRIBERS],
    filter: subjectPattern(filter),
    path: ['subjects', String(at)],
  }));
}

export function streamWrites(to: JetStreamTo): readonly string[] {
  return [stream(to.stream), SUBSCRIBERS];
}

export function streamReads(from: JetStreamFrom): readonly Reach[] {
  // Without `subjects` only the server has the subjects of the stream.
  if (from.subjects === undefined) return [{ spaces: [stream(from.stream)], filter: [LEVELS], path: ['stream'] }];
  return from.subjects.map((filter, at) => ({
    spaces: [stream(from.stream), STREAMS],
    filter: subjectPattern(filter),
    path: ['subjects', String(at)],
  }));
}
