import type { Frame } from '#contract/frame.ts';
import type { Receipt, Sink } from '#contract/sink.ts';
import { signBinding, type Signer } from './binding.ts';

/** A sink whose frames are signed as they are handed over: an id that the engine changes on the way is the one that is signed. */
export class SigningSink implements Sink {
  readonly #sink: Sink;
  readonly #signer: Signer;
  readonly #nowMs: () => number;

  constructor(sink: Sink, signer: Signer, nowMs: () => number) {
    this.#sink = sink;
    this.#signer = signer;
    this.#nowMs = nowMs;
  }

  get maxInFlight(): number {
    return this.#sink.maxInFlight;
  }

  send(frame: Frame): Promise<Receipt> {
    return this.#sink.send(this.#signed(frame));
  }

  close(): Promise<void> {
    return this.#sink.close();
  }

  #signed(frame: Frame): Frame {
    const [label] = frame.headers.get('seclabel') ?? [];
    // Label rules let no frame without a label come here.
    if (label === undefined) return frame;
    const { body, contentType, id } = frame;
    const binding = signBinding({ label, body, contentType, id }, this.#signer, Math.floor(this.#nowMs() / 1000));
    return { ...frame, headers: new Map([...frame.headers, ['seclabelsig', [binding]]]) };
  }
}
