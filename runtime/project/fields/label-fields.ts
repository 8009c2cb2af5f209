import { FILE_NAME_PATTERN } from '#contract/file-names.ts';
import type { PipelineLabels } from '../../labels/pipeline-labels.ts';
import type { JsonSchema } from '../json-schema.ts';
import { mapSchema, nestedField } from './field.ts';
import { text, optional } from './values.ts';

/** A label in the pipeline file: without version and policy. The policy says whether it is one. */
export const LABEL_SCHEMA = { type: 'string', minLength: 1, maxLength: 1024, examples: ['S;REL=GBR,USA'] } as const;

const POLICY = {
  type: 'string',
  pattern: FILE_NAME_PATTERN,
  description: 'Name of the label policy: schemas/NAME.policy.json.',
  examples: ['ops'],
} as const;

/** `labels` of a file as a map. */
export const LABELS_FIELDS = {
  policy: nestedField({
    schema: POLICY,
    parse: (labels) => ({ policy: text(labels, 'policy') }),
    doc: '`policy`: the name of the policy.',
  }),
  state: nestedField({
    schema: { ...LABEL_SCHEMA, description: 'The highest label that the state folder may hold.' },
    parse: (labels) => ({ state: optional(labels, 'state') }),
    doc: '`state`: the highest label that the state folder may hold, in dead letters and spools. Any, unless said otherwise.',
  }),
  telemetry: nestedField({
    schema: { ...LABEL_SCHEMA, description: 'The highest label of which logs, metrics and traces may tell.' },
    parse: (labels) => ({ telemetry: optional(labels, 'telemetry') }),
    doc: '`telemetry`: the highest label of messages of which logs, metrics and traces may tell; they hold no bodies, but addresses, ids and places. Any, unless said otherwise.',
  }),
} as const;

const LABELS_SCHEMA: JsonSchema = {
  description: 'The label policy of the file. Without it labels are carried and not judged.',
  examples: ['ops'],
  anyOf: [POLICY, mapSchema(LABELS_FIELDS, { required: ['policy'] })],
};

/** Makes the label rules of a checked file. */
export interface LabelContext {
  readonly labels: () => PipelineLabels | undefined;
}

/** `labels` of a file. */
export const LABELS_FIELD = nestedField({
  schema: LABELS_SCHEMA,
  parse: (_file, { labels }: LabelContext): { readonly labels: PipelineLabels | undefined } => ({ labels: labels() }),
  doc: '`labels`: the name of a label policy, `schemas/NAME.policy.json`, or a map. Without it labels are carried and not judged. See [labels](labels.md).',
});

/** What a connection says of labels, whatever its bus. Only beside `labels`. */
export const CONNECTION_LABELS = {
  ceiling: {
    ...LABEL_SCHEMA,
    description:
      'The highest label that the bus may hold: everyone who reads there may read messages of this label. Required beside labels.',
  },
  floor: {
    ...LABEL_SCHEMA,
    description: 'The lowest label that may come from the bus.',
    examples: ['U'],
  },
} as const satisfies Readonly<Record<string, JsonSchema>>;
