import { randomBytes } from 'node:crypto';
import type { BusContext } from '#contract/bus.ts';
import type { Frame } from '#contract/frame.ts';
import type { NoteOddity } from '#contract/oddity.ts';
import { contentId } from '#kit/content-id.ts';
import { ReusedIds } from '#kit/reused-ids.ts';
import { PacketIdEpoch } from './packet-id-epoch.ts';

/** The ids of a source's deliveries. */
export class MessageIds {
  readonly #clientId: string;
  readonly #note: NoteOddity;
  readonly #epoch: PacketIdEpoch;
  readonly #reused = new ReusedIds();
  /** QoS 0 has no packet id: its ids are a nonce of this process and a count. */
  readonly #nonce = randomBytes(4).toString('hex');

  constructor(clientId: string, { checkpoint, report }: Pick<BusContext, 'checkpoint' | 'report'>, note: NoteOddity) {
    this.#clientId = clientId;
    this.#note = note;
    this.#epoch = new PacketIdEpoch(checkpoint, (error) => report({ kind: 'problem', error }));
  }

  /** Whether an earlier process had a session, by the checkpoint. Of use before the first connection of this process. */
  get hadSession(): boolean {
    return this.#epoch.hadSession;
  }

  /** A connection was made. Packet ids begin again with a new session. */
  connected(isSameSession: boolean): void {
    this.#epoch.connected(isSameSession);
  }

  /** `count` is unique in this process. */
  ofQos0(count: number): string {
    return `${this.#clientId}:0:${this.#nonce}-${count}`;
  }

  /**
   * The publisher's id or the packet id, and the content. It is the same on each redelivery: the server keeps the packet id
   * [MQTT-4.4.0-1]. A publisher's id alone does not suffice: a restarted publisher may count from 1 again.
   */
  of(packetId: number, frame: Frame): string {
    // The epoch counts every message, also those with an id of their publisher.
    const place = this.#epoch.name(packetId);
    const content = contentId(frame.address, undefined, frame.body);
    return frame.id === undefined
      ? `${this.#clientId}:${place}-${content}`
      : `${this.#clientId}:m:${frame.id}~${content}`;
  }

  /** To be called for each new delivery: reports a publisher's id that other content had before. */
  noteReused(publisherId: string | undefined, id: string): void {
    if (publisherId !== undefined && this.#reused.isReused(publisherId, id)) this.#note('ID_REUSED');
  }
}
