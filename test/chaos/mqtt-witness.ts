import { type IPublishPacket, parser } from 'mqtt-packet';
import type { Unread } from '../../runtime/verify/elsewhere.ts';
import { nameOf, readMark } from '../../runtime/verify/mark.ts';
import type { Watch } from '../harness/link.ts';

/**
 * Looks at a bridge's connections to an MQTT server, and knows which messages the bridge has ever acknowledged. One that
 * it has not is the server's still, and if it is past its expiry the server has dropped it (MQTT 5, 3.3.2.3.3).
 */
export class MqttWitness {
  readonly #acknowledged = new Set<string>();
  /** Handed out without the expiry that they were published with. */
  #bare = 0;

  /** Messages that the server handed out as if they never expired. */
  get bare(): number {
    return this.#bare;
  }

  readonly watch: Watch = () => {
    const open = new Map<number, string>();
    const [up, down] = [parser({ protocolVersion: 5 }), parser({ protocolVersion: 5 })];
    down.on('packet', (packet) => {
      if (packet.cmd !== 'publish' || packet.messageId === undefined) return;
      const name = this.#nameOf(packet);
      if (name !== undefined) open.set(packet.messageId, name);
    });
    up.on('packet', ({ cmd, messageId }) => {
      const name = cmd === 'puback' && messageId !== undefined ? open.get(messageId) : undefined;
      if (name !== undefined) this.#acknowledged.add(name);
    });
    for (const reader of [up, down]) reader.on('error', () => {});
    return { up: (bytes) => up.parse(bytes), down: (bytes) => down.parse(bytes) };
  };

  unread(run: string): Unread {
    return (name) => !this.#acknowledged.has(`${run} ${name}`);
  }

  #nameOf({ payload, properties }: IPublishPacket): string | undefined {
    const reading = readMark({ headers: new Map(), body: Buffer.from(payload) }, 'body');
    if (reading.kind === 'unreadable') return undefined;
    if (properties?.messageExpiryInterval === undefined) this.#bare += 1;
    return `${reading.mark.run} ${nameOf(reading.mark)}`;
  }
}
