/** Options of a connection and of one end over it, in the words of a pipeline file; `bus` is not among them. */
export interface EndWords {
  readonly connection: Readonly<Record<string, unknown>>;
  readonly end: Readonly<Record<string, unknown>>;
}

/** `SCHEME://AUTHORITY/PATH` of an end. Nothing is decoded: a path may hold templates and wildcards. */
export interface EndUrl {
  readonly scheme: string;
  readonly authority: string;
  /** Without the slash in front. */
  readonly path: string;
}

/** The form of an end of a bus as one URL (`sluice verify --in URL --out URL`). */
export interface EndUrls {
  /** No two buses of a catalog share one. */
  readonly schemes: readonly string[];
  /** The form that usage texts show: `mqtt://HOST:PORT/TOPIC`. */
  readonly form: string;
  sink(url: EndUrl): EndWords;
  source(url: EndUrl): EndWords;
  /**
   * The form of an address over a connection that is known (`sluice send --connection NAME --address A`), and its words. Absent: the path
   * of the URL.
   */
  readonly place?: {
    readonly form: string;
    sink(address: string): EndWords['end'];
    source(address: string): EndWords['end'];
  };
}
