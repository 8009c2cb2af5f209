/** What the pipeline file says of a route, as far as its operator's page shows it. Holds no secret. */
export interface RouteOutline {
  readonly name: string;
  readonly class: string;
  readonly source: EndOutline;
  readonly stages: readonly StageOutline[];
  readonly sinks: readonly EndOutline[];
  /** The lifetime of its messages; undefined: they do not expire, or state it themselves. */
  readonly expiresMs: number | undefined;
}

export interface EndOutline {
  readonly connection: string;
  readonly bus: string;
  readonly address: string;
}

export interface StageOutline {
  /** `validate track.v1` */
  readonly name: string;
  readonly changesBody: boolean;
}

export interface PipelineOutline {
  readonly name: string;
  readonly routes: readonly RouteOutline[];
}
