import type { OppositeEnds } from '#contract/opposite-ends.ts';
import type { MqttFrom, MqttTo } from './options.ts';

/** The session outlives a connection that breaks during the check. */
const SESSION = '10m';

export const opposite: OppositeEnds<MqttFrom, MqttTo> = {
  sink: ({ topics: [filter = ''], qos }, { addressUnder }) => ({ topic: addressUnder(filter), qos }),
  source: ({ qos }, { filter }) => ({ topics: [filter], qos, session: SESSION }),
};
