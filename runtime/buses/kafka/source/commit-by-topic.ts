import { kafkaErrorIn } from '../kafka-error.ts';
import type { CommittedOffset } from '../kafka-client.ts';

/** The coordinator refuses a topic for these, and takes the other topics of the same request. */
const OF_A_TOPIC: ReadonlySet<string> = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'TOPIC_AUTHORIZATION_FAILED']);

/**
 * Commits in one request, and returns what the group has. The client reports one refused topic, such as a deleted one, as the
 * failure of all: then each topic is committed by itself, so that messages of the others do not wait for one that no commit
 * will ever hold. Rejects with the failure where every topic was refused, or for any other cause.
 */
export async function commitByTopic<Place extends CommittedOffset>(
  commit: (places: readonly Place[]) => Promise<void>,
  places: readonly Place[],
): Promise<readonly Place[]> {
  try {
    await commit(places);
    return places;
  } catch (thrown) {
    const topics = [...Map.groupBy(places, ({ topic }) => topic).values()];
    if (!isOfATopic(thrown) || topics.length === 1) throw thrown;
    const taken: Place[] = [];
    for (const ofTopic of topics) {
      try {
        await commit(ofTopic);
        taken.push(...ofTopic);
      } catch (refusal) {
        if (!isOfATopic(refusal)) throw refusal;
      }
    }
    if (taken.length === 0) throw thrown;
    return taken;
  }
}

function isOfATopic(thrown: unknown): boolean {
  return OF_A_TOPIC.has(kafkaErrorIn(thrown)?.type ?? '');
}
