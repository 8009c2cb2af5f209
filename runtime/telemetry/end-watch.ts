import type { Bus, BusEvent } from '#contract/bus.ts';
import type { BusSpans } from '#contract/bus-spans.ts';
import type { EndState } from './route-numbers.ts';

/** What a connection says of its bus. */
type EndBus = Pick<Bus, 'name'> & { readonly spans: Pick<BusSpans, 'system' | 'send'> };

/** Follows the events of one connection: what it is at this moment. */
export class EndWatch {
  readonly #name: string;
  readonly #bus: EndBus;
  #isConnected = false;
  #connections = 0;
  #suspended: string | undefined;

  constructor(name: string, bus: EndBus) {
    this.#name = name;
    this.#bus = bus;
  }

  seen(event: BusEvent): void {
    switch (event.kind) {
      case 'connected':
        this.#isConnected = true;
        this.#connections += 1;
        return;
      case 'disconnected':
        this.#isConnected = false;
        return;
      case 'renewed':
        this.#connections += 1;
        return;
      case 'suspended':
        this.#suspended = event.detail;
        return;
      case 'resumed':
        this.#suspended = undefined;
        return;
      case 'problem':
      case 'loss':
      case 'notice':
    }
  }

  state(): EndState {
    return {
      name: this.#name,
      bus: this.#bus.name,
      system: this.#bus.spans.system,
      send: this.#bus.spans.send,
      isConnected: this.#isConnected,
      suspended: this.#suspended,
      reconnects: Math.max(0, this.#connections - 1),
    };
  }
}
