import { own, type PlainMap } from '#kit/json-value.ts';
import { nestedField, type Parsed } from './field.ts';
import { GUARDS_FIELD } from './guard-fields.ts';
import { type LabelContext, LABELS_FIELD } from './label-fields.ts';
import { CONNECTION_PATTERN, NAME_PATTERN } from './name-patterns.ts';
import type { RouteSpec } from './route-fields.ts';
import { OF_CATALOG } from './shared-schemas.ts';
import { text } from './values.ts';

/** The options of a connection after its files were read again. */
export interface Reread {
  /** The same object as before where nothing has changed. */
  readonly options: PlainMap;
  /** One text for each file that cannot be used; `options` keeps its last content. Holds no secret. */
  readonly troubles: readonly string[];
}

export interface ConnectionSpec {
  readonly name: string;
  /** Kind of bus: a name of the catalog. */
  readonly bus: string;
  /** The driver's own options, by its connectionSchema; durations and sizes are text. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Reads the files of the options again; absent where no option comes from a file. */
  readonly reread?: () => Reread;
}

/** Reads the parts of a file that depend on the catalog. */
export interface FileContext extends LabelContext {
  readonly connections: () => ReadonlyMap<string, ConnectionSpec>;
  readonly routes: (items: unknown) => readonly RouteSpec[];
}

/** The words of a pipeline file. */
export const FILE_FIELDS = {
  name: nestedField({
    schema: {
      type: 'string',
      pattern: NAME_PATTERN,
      maxLength: 64,
      description: 'Name of the pipeline, also the service name in traces.',
      examples: ['fleet'],
    },
    parse: (file) => ({ name: text(file, 'name') }),
    doc: '`name`: `[a-z][a-z0-9-]*`, at most 64 characters. Also the service name in traces.',
  }),
  labels: LABELS_FIELD,
  buses: nestedField({
    schema: {
      type: 'object',
      minProperties: 1,
      propertyNames: {
        pattern: CONNECTION_PATTERN,
        description: 'a name of letters, digits, - and _ that starts with a letter',
        examples: ['field'],
      },
      additionalProperties: OF_CATALOG,
      description: 'Named connections. Any number of routes may use one.',
    },
    parse: (_file, { connections }: FileContext) => ({ connections: connections() }),
    doc: '`buses`: named connections. `bus` is the kind of bus. The other options are those of the driver; see [the pages of the buses](buses/). Any number of routes may use one connection. A connection that no route uses is a warning.',
  }),
  guards: GUARDS_FIELD,
  routes: nestedField({
    schema: {
      type: 'array',
      minItems: 1,
      items: OF_CATALOG,
      description: 'Each carries messages from one source to one sink, or to a list of sinks.',
    },
    parse: (file, { routes }: FileContext) => ({ routes: routes(own(file, 'routes')) }),
    doc: '`routes`: a list. Each route carries messages from one source to one sink, or to [a list of sinks](expressions.md#several-sinks).',
  }),
} as const;

/** A checked pipeline file as plain data: references resolved, defaults filled in, nothing left to validate. Holds secrets: never log it. */
export type PipelineSpec = Readonly<Parsed<typeof FILE_FIELDS>>;
