import type { BusContext } from '#contract/bus.ts';
import type { Target } from './client/connect-failure.ts';

/** The reports of a source beyond the state of its connection. */
export class SourceReports {
  readonly #context: BusContext;
  readonly #target: Target;

  constructor(context: BusContext, target: Target) {
    this.#context = context;
    this.#target = target;
  }

  qosLowered(filter: string): void {
    const text = `the server grants only QoS 0 for ${filter}: messages can be lost`;
    this.#context.report({ kind: 'notice', code: 'QOS_LOWERED', text: this.#placed(text) });
  }

  sessionLost(): void {
    const { clientId } = this.#target;
    const text = `the server has no session of client ${clientId}, and the route had one: what the server held while the bridge was away is gone; how many messages, only the server knew`;
    this.#context.report({ kind: 'loss', code: 'SESSION_LOST', text: this.#placed(text) });
  }

  #placed(text: string): string {
    return `${this.#target.connection} (${this.#target.address}): ${text}`;
  }
}
