import { type IPublishPacket, parser } from 'mqtt-packet';
import { nameOf, readMark } from '../../runtime/verify/mark.ts';
import type { Watch } from '../harness/link.ts';
import type { Direction } from '../harness/pipe.ts';

/**
 * Looks at a bridge's connections to an MQTT server, and knows which messages were ever acknowledged by the one they go to.
 * What a bridge has not acknowledged is the server's still, and so is what the server has acknowledged to it; if that is
 * past its expiry the server drops it (MQTT 5, 3.3.2.3.3).
 */
export class MqttWitness {
  readonly #acknowledged = new Set<string>();
  readonly #goes: Direction;
  /** `goes`: which way the messages go, `down` to a bridge that reads. */
  constructor(goes: Direction) {
    this.#goes = goes;
  }

  readonly watch: Watch = () => {
    const open = new Map<number, string>();
    const [up, down] = [parser({ protocolVersion: 5 }), parser({ protocolVersion: 5 })];
    const [messages, answers] = this.#goes === 'down' ? [down, up] : [up, down];
    messages.on('packet', (packet) => {
      if (packet.cmd !== 'publish' || packet.messageId === undefined) return;
      const name = this.#nameOf(packet);
      if (name !== undefined) open.set(packet.messageId, name);
    });
    answers.on('packet', ({ cmd, messageId }) => {
      const name = cmd === 'puback' && messageId !== undefined ? open.get(messageId) : undefined;
      if (name !== undefined) this.#acknowledged.add(name);
    });
    for (const reader of [up, down]) reader.on('error', () => {});
    return { up: (bytes) => up.parse(bytes), down: (bytes) => down.parse(bytes) };
  };

  hasSeen(run: string, name: string): boolean {
    return this.#acknowledged.has(`${run} ${name}`);
  }

  #nameOf({ payload }: IPublishPacket): string | undefined {
    const reading = readMark({ headers: new Map(), body: Buffer.from(payload) }, 'body');
    if (reading.kind === 'unreadable') return undefined;
    return `${reading.mark.run} ${nameOf(reading.mark)}`;
  }
}
