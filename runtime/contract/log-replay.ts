/** Moments of a log: from the first one on, and before the second one. Milliseconds since 1970 (UTC). */
export interface LogRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The part of a range that lies in one ordered piece of a log: a stream, or a partition of a topic. Positions are the log's own. */
export interface LogPart {
  /** What the ids of its deliveries begin with. */
  readonly name: string;
  /** Of the first message of the range. */
  readonly first: number;
  /** Behind the last message of the range. Not above `first`: the range is empty here. */
  readonly end: number;
  /** How many messages the log still has in the range, where the bus counts them. Absent: at most `end` less `first`. */
  readonly messages?: number;
  /** The log begins within the range: at most so many older messages of the range are gone. Absent: none is. */
  readonly gone?: number;
}

/** Where a delivery lies. */
export interface LogPlace {
  readonly part: string;
  readonly position: number;
}

/**
 * How a source that is a log is read a second time, beside the route that reads it, by a reader of its own name. `Options` and
 * `Context` are those with which the source is opened.
 */
export interface LogReplay<Options, Context, From> {
  /** Why this source cannot be read again, for an operator. Undefined: it can. */
  refusal(from: From): string | undefined;
  /** The end of a reader of that name, which begins with the range and does not touch the place of the route. */
  reader(from: From, name: string, range: LogRange, parts: readonly LogPart[]): From;
  /** Looks the range up. Leaves nothing at the server. Rejects with a SluiceError; the caller bounds the wait by `context.signal`. */
  survey(options: Options, context: Context, name: string, range: LogRange): Promise<readonly LogPart[]>;
  /** The place of a delivery with that id. Undefined: it is of another log of that name. */
  placeOf(id: string): LogPlace | undefined;
  /** Of a source that saves its own position: the position behind the last settled message. Undefined: it has none, or the bus keeps it. */
  settledIn?(from: From, context: Context): number | undefined;
  /** Removes the reader of that name at the server. Nothing where there is none. Rejects with a SluiceError. */
  forget(options: Options, context: Context, name: string): Promise<void>;
}
