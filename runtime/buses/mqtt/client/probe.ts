import type { MqttClient } from 'mqtt';
import { Liveness, NoAnswer } from '../../support/liveness.ts';
import { Refusal, type Subscription } from './subscription.ts';

/** The source, as far as a probe has to look at it and report to it. */
export interface ProbedSource {
  /** Messages that came so far. */
  arrivals(): number;
  /** While the window is full the client reads nothing, not even answers. */
  isPaused(): boolean;
  /** The server grants the subscription. */
  granted(): void;
  refused(refusal: Refusal): void;
  /** No answer, though nothing kept it from coming. */
  silent(failure: NoAnswer): void;
}

/**
 * Finds out whether the server still serves a connection, from construction until `stop`. The client alone cannot: while the
 * window is full it gets no PINGRESP, and a PINGRESP is no proof that the server still has the subscriptions.
 */
export class Probe {
  readonly #client: MqttClient;
  readonly #subscription: Subscription;
  readonly #source: ProbedSource;
  readonly #liveness: Liveness;
  readonly #ping: NodeJS.Timeout | undefined;

  constructor(client: MqttClient, subscription: Subscription, source: ProbedSource) {
    this.#client = client;
    this.#subscription = subscription;
    this.#source = source;
    if (client.keepalive > 0) this.#ping = this.#pingWhileBusy();
    this.#liveness = this.#askWhileIdle();
  }

  stop(): void {
    clearInterval(this.#ping);
    this.#liveness.stop();
  }

  /**
   * While the window is full the client gets no PINGRESP, and while much is buffered it gets it late; it would take
   * the server for dead, and the server the client. So it pings blindly, and counts any arrival as a sign of life.
   */
  #pingWhileBusy(): NodeJS.Timeout {
    const client = this.#client;
    let arrivalsBefore = this.#source.arrivals();
    return setInterval(
      () => {
        const arrivals = this.#source.arrivals();
        const isBusy = this.#source.isPaused() || arrivals !== arrivalsBefore;
        arrivalsBefore = arrivals;
        if (!isBusy || !client.connected) return;
        client.sendPing();
        client.reschedulePing(true);
      },
      (client.keepalive * 1000) / 3,
    );
  }

  /** Silence of a topic proves nothing against the subscription, so the server is asked. */
  #askWhileIdle(): Liveness {
    const client = this.#client;
    const source = this.#source;
    let arrivalsBefore = source.arrivals();
    // While messages came, or none could be taken, the answer had to wait behind them.
    const isIdle = (): boolean => source.arrivals() === arrivalsBefore && !source.isPaused();
    return new Liveness({
      ask: async () => {
        const wasIdle = isIdle();
        arrivalsBefore = source.arrivals();
        if (!wasIdle || !client.connected || !this.#subscription.isGranted) return;
        await this.#subscription.ask(client);
        source.granted();
      },
      onFailure: (failure) => {
        if (failure instanceof Refusal) source.refused(failure);
        else if (failure instanceof NoAnswer && isIdle()) source.silent(failure);
      },
    });
  }
}
