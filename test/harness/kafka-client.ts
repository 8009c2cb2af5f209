import { Kafka, type KafkaConfig, logLevel } from 'kafkajs';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

// A connection of the client sets a timer of a negative length again and again, and Node prints TimeoutNegativeWarning. Of
// the connections of a bridge the runtime mends it.
const { scheduleCheckPendingRequests: schedule } = RequestQueue.prototype;
RequestQueue.prototype.scheduleCheckPendingRequests = function scheduleForWaiting(): void {
  if (this.pending.length > 0) schedule.call(this);
};

/** A client of a test's own, which says nothing. */
export function kafkaClient(config: KafkaConfig): Kafka {
  return new Kafka({ logLevel: logLevel.NOTHING, ...config });
}
