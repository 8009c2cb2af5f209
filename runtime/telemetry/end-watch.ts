import type { BusEvent } from '#contract/bus.ts';
import type { EndState } from './route-numbers.ts';

/** Follows the events of one connection: what it is at this moment. */
export class EndWatch {
  readonly #name: string;
  readonly #bus: string;
  #isConnected = false;
  #connections = 0;
  #suspended: string | undefined;

  constructor(name: string, bus: string) {
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
      bus: this.#bus,
      isConnected: this.#isConnected,
      suspended: this.#suspended,
      reconnects: Math.max(0, this.#connections - 1),
    };
  }
}
