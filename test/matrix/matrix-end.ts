import type { Arrived, Sent } from './far-message.ts';

/** What arrives at the far side, seen with another client than the bridge's connection. */
export interface Listener extends AsyncDisposable {
  readonly arrived: readonly Arrived[];
}

/** One bus as an end of pairs. `pair` names what belongs to one of them. */
export interface MatrixEnd {
  /** Its connection in the pipeline file. */
  readonly connection: object;
  from(pair: string): object;
  to(pair: string): object;
  /** Makes what must exist before a bridge reads there: a stream, a topic, a queue. */
  prepareSource(pair: string): Promise<void>;
  /** Resolves once the server holds them all. The order of each key is kept. */
  publish(pair: string, messages: readonly Sent[]): Promise<void>;
  /** Makes what must exist before a bridge writes there, and listens. */
  listen(pair: string): Promise<Listener>;
}
