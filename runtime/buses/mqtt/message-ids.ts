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
  /** QoS 0 has no coordinates: an id for this process and a count. */
  readonly #nonce = randomBytes(4).toString('hex');

  constructor(clientId: string, { checkpoint, report }: Pick<BusContext, 'checkpoint' | 'report'>, note: NoteOddity) {
    this.#clientId = clientId;
    this.#note = note;
    this.#epoch = new PacketIdEpoch(checkpoint, (error) => report({ kind: 'problem', error }));
  }

  /** Whether an earlier process had a session, as far as is written down. Of use before the first connection of this one. */
  get hadSession(): boolean {
    return this.#epoch.hadSession;
  }

  /** A connection was made; packet ids begin anew with a new session. */
  connected(isSameSession: boolean): void {
    this.#epoch.connected(isSameSession);
  }

  /** `count`: of this process, and never twice. */
  ofQos0(count: number): string {
    return `${this.#clientId}:0:${this.#nonce}-${count}`;
  }

  /**
   * The publisher's id or the packet id, and the content: the same on each redelivery, for the server keeps the packet id
   * [MQTT-4.4.0-1]. A publisher's id alone does not suffice: a publisher that begins anew counts from 1 again.
   */
  of(packetId: number, frame: Frame): string {
    // The epoch follows every message, also those that have an id of their publisher.
    const place = this.#epoch.name(packetId);
    const content = contentId(frame.address, undefined, frame.body);
    return frame.id === undefined
      ? `${this.#clientId}:${place}-${content}`
      : `${this.#clientId}:m:${frame.id}~${content}`;
  }

  /** The delivery is a new one: notes an id of a publisher that other content had before. */
  noteReused(publisherId: string | undefined, id: string): void {
    if (publisherId !== undefined && this.#reused.isReused(publisherId, id)) this.#note('ID_REUSED');
  }
}
