import { Liveness, NoAnswer } from '../../support/liveness.ts';
import type { Connection } from './connection.ts';
import { Refusal, type Subscription } from './subscription.ts';

/** The source that a probe checks. */
export interface ProbedSource {
  /** Messages received so far. */
  arrivals(): number;
  /** Whether the window is full: the client then reads nothing, not even answers. */
  isPaused(): boolean;
  /** The server grants the subscription. */
  granted(): void;
  refused(refusal: Refusal): void;
  /** No answer came, although the client was reading. */
  silent(failure: NoAnswer): void;
}

/**
 * Checks that the server still serves a connection, from construction until `stop`. The client alone cannot: while the window
 * is full it gets no PINGRESP, and a PINGRESP does not prove that the server still has the subscriptions.
 */
export class Probe {
  readonly #connection: Connection;
  readonly #subscription: Subscription;
  readonly #source: ProbedSource;
  readonly #liveness: Liveness;
  readonly #ping: NodeJS.Timeout | undefined;

  constructor(connection: Connection, subscription: Subscription, source: ProbedSource) {
    this.#connection = connection;
    this.#subscription = subscription;
    this.#source = source;
    if (connection.keepAliveSeconds > 0) this.#ping = this.#pingWhileBusy();
    this.#liveness = this.#askWhileIdle();
  }

  stop(): void {
    clearInterval(this.#ping);
    this.#liveness.stop();
  }

  /**
   * While the window is full the client gets no PINGRESP, and while much is buffered it gets it late. Client and server would
   * take each other for dead. So the client pings without waiting for the answer, and any message counts as a sign of life.
   */
  #pingWhileBusy(): NodeJS.Timeout {
    const connection = this.#connection;
    let arrivalsBefore = this.#source.arrivals();
    return setInterval(
      () => {
        const arrivals = this.#source.arrivals();
        const isBusy = this.#source.isPaused() || arrivals !== arrivalsBefore;
        arrivalsBefore = arrivals;
        if (isBusy && connection.isConnected) connection.pingBlindly();
      },
      (connection.keepAliveSeconds * 1000) / 3,
    );
  }

  /** Without messages only a request to the server shows whether the subscription still exists. */
  #askWhileIdle(): Liveness {
    const connection = this.#connection;
    const source = this.#source;
    let arrivalsBefore = source.arrivals();
    // While messages arrived, or none could be taken, the answer had to wait behind them.
    const isIdle = (): boolean => source.arrivals() === arrivalsBefore && !source.isPaused();
    return new Liveness({
      ask: async () => {
        const wasIdle = isIdle();
        arrivalsBefore = source.arrivals();
        if (!wasIdle || !connection.isConnected || !this.#subscription.isGranted) return;
        await this.#subscription.ask(connection);
        source.granted();
      },
      onFailure: (failure) => {
        if (failure instanceof Refusal) source.refused(failure);
        else if (failure instanceof NoAnswer && isIdle()) source.silent(failure);
      },
    });
  }
}
