/** One message into a source. It has left this thread once the event loop has turned a few times; a failure ends the process. */
export type Publish = (key: string, body: Buffer) => void;

/** A bus as an end of the traffic through a bridge, by its own client. The names are those of test/brokers. */
export interface TrafficEnd {
  openPublisher(url: string, tag: string): Promise<Publish>;
  /** Calls back for each message at once when it arrives. Resolves once none can be missed any more. */
  openReceiver(url: string, tag: string, arrived: (body: Uint8Array) => void): Promise<void>;
}
