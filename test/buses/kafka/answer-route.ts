import assert from 'node:assert/strict';
import type { Kafka } from '../../harness/kafka.ts';
import type { KafkaLink } from '../../harness/kafka-link.ts';
import { type JudgedRoute, judgedRoute } from './judged-route.ts';

/** A judged route on one node, each end over a link of its own. */
export interface AnswerRoute extends JudgedRoute {
  readonly sourceLink: KafkaLink;
  readonly sinkLink: KafkaLink;
}

/** `links`: of the source and of the sink. */
export async function answerRoute(kafka: Kafka, links: readonly KafkaLink[]): Promise<AnswerRoute> {
  const [sourceLink, sinkLink] = links;
  assert.ok(sourceLink !== undefined && sinkLink !== undefined);
  const at = ({ port }: KafkaLink): string[] => [`127.0.0.1:${port}`];
  const route = await judgedRoute(kafka, { near: at(sourceLink), far: at(sinkLink) });
  const dispose = route[Symbol.asyncDispose].bind(route);
  return Object.assign(route, {
    sourceLink,
    sinkLink,
    async [Symbol.asyncDispose]() {
      await dispose();
      for (const link of links) link.pass();
    },
  });
}
