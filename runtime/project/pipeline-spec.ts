export type { ConnectionSpec, PipelineSpec } from './fields/file-fields.ts';
export type { SpoolSpec } from './fields/promise-and-spool.ts';
export type { RouteSpec, StageSpec } from './fields/route-fields.ts';
