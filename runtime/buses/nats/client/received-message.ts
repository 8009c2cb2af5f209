import { textOfBytes } from '#kit/raw-text.ts';

const NO_BYTES = Buffer.alloc(0);

/**
 * One received message, as places in the bytes of the connection: most readers need a few of its parts. One object for all
 * messages of a connection, valid until the callback that gets it returns. The fields are written by the parser alone.
 */
export class ReceivedMessage {
  buffer: Buffer = NO_BYTES;
  subjectFrom = 0;
  subjectTo = 0;
  replyFrom = 0;
  /** Equal to `replyFrom`: there is no reply subject. */
  replyTo = 0;
  headersFrom = 0;
  /** Equal to `headersFrom`: there are no headers. */
  bodyFrom = 0;
  bodyTo = 0;

  subject(): string {
    return this.buffer.toString(undefined, this.subjectFrom, this.subjectTo);
  }

  /** The reply subject as received; undefined where there is none. It stays valid. */
  reply(): Uint8Array | undefined {
    return this.replyFrom === this.replyTo ? undefined : this.buffer.subarray(this.replyFrom, this.replyTo);
  }

  /** The payload. It stays valid. */
  body(): Uint8Array {
    return this.buffer.subarray(this.bodyFrom, this.bodyTo);
  }

  /** Headers and payload in bytes. */
  get bytes(): number {
    return this.bodyTo - this.headersFrom;
  }

  /** The header block with its status line; undefined where there is none. */
  headerBlock(): string | undefined {
    if (this.headersFrom === this.bodyFrom) return undefined;
    const text = this.buffer.toString(undefined, this.headersFrom, this.bodyFrom);
    // Most likely not UTF-8: read so that no byte is lost.
    return text.includes('\ufffd') ? textOfBytes(this.buffer.subarray(this.headersFrom, this.bodyFrom)) : text;
  }
}
