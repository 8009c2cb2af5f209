import type { Fields } from './field.ts';
import { FILE_FIELDS, type FileContext } from './file-fields.ts';
import { ROUTE_FIELDS, type RouteContext } from './route-fields.ts';
import { SINK_FIELDS } from './sink-fields.ts';
import { SOURCE_FIELDS } from './source-fields.ts';
import type { SourceContext } from './window-fields.ts';

/** The words of the pipeline file, by the map that holds them. */
export interface FieldTables {
  readonly file: Fields<FileContext>;
  readonly route: Fields<RouteContext>;
  readonly source: Fields<SourceContext>;
  readonly sink: Fields<unknown>;
}

/** Every word of this version. */
export const FIELDS: FieldTables = { file: FILE_FIELDS, route: ROUTE_FIELDS, source: SOURCE_FIELDS, sink: SINK_FIELDS };

/** The words of an end that are not options of its driver: the connection's name and the words that every bus shares. */
export function sharedFields(fields: FieldTables, end: 'from' | 'to'): readonly string[] {
  return ['bus', ...Object.keys(end === 'from' ? fields.source : fields.sink)];
}
