import type { BusWatch } from '#contract/watch.ts';
import type { MqttConnection, MqttFrom, MqttTo } from '../options.ts';
import { openSource } from '../source.ts';

/** A subscription of a session that ends with its connection. The server shows it the retained messages first. */
export const watch: BusWatch<MqttConnection, MqttFrom, MqttTo> = {
  beside: ({ qos }, { filter }) => ({ topics: [filter], qos }),
  refusal({ topics }, start) {
    const shared = topics.find((topic) => topic.startsWith('$share/'));
    if (shared !== undefined) {
      const plain = shared.split('/').slice(2).join('/');
      return `${shared} is a shared subscription, and each message that this reader gets is one that another does not get; watch ${plain}`;
    }
    if (start === 'new') return undefined;
    return 'an MQTT server keeps no messages but the retained ones, which come first in any case; leave out --from';
  },
  open(options, _start, context) {
    const { shared: _, ...end } = options.end;
    return openSource({ ...options, end: { ...end, session: '0s' } }, context);
  },
};
