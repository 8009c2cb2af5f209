import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SIZE_PATTERN } from '#kit/quantity.ts';
import { asMap } from '#kit/json-value.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import type { Catalog } from '#contract/catalog.ts';
import type { StageKind } from '#contract/stage-kind.ts';

export const PAGE = fileURLToPath(new URL('../../docs/stages.md', import.meta.url));

/** docs/stages.md, made of the stage kinds and codecs of the catalog. */
export function stagesPage({ stages, codecs, schemaCodecs }: Catalog): string {
  const [byDefault] = codecs.keys();
  return `# Stages and codecs

This page is generated from the catalog by \`node test/stages/stages-page.ts\`; a test fails when it drifts. A new stage or codec:
[adding a stage](adding-a-stage.md).

## Stages

A stage is one item of \`stages\` in a route: a map with exactly one verb, and the options of the verb beside it.

${table(['stage', 'value', 'effect', 'changes the body'], [...stages.values()].map(stageRow))}

${[...stages.values()].map(options).join('')}## Codecs

\`codec\` of \`from\` or \`to\` names one. Without it the content type of the message selects the codec; a content type that is not in the
table, or none, is \`${byDefault}\`.

${table(
  ['codec', 'selected by', 'content type written', 'body', '`{body.a}`'],
  [...codecs.values()].map(({ name, mediaTypes, contentType, description, hasFields }) => [
    code(name),
    mediaTypes.map(code).join(', '),
    code(contentType),
    description,
    hasFields ? 'yes' : 'no',
  ]),
)}

These codecs need a schema of the project, which stands behind their name: \`codec: { avro: track.v1 }\`. No content type selects them.

${table(
  ['codec', 'file', 'options', 'content type written', 'body'],
  [...schemaCodecs.values()].map(({ name, ending, needs, contentType, description }) => [
    code(name),
    code(`schemas/NAME${ending}`),
    needs.map(code).join(', '),
    code(contentType),
    description,
  ]),
)}
`;
}

function stageRow(kind: StageKind): readonly string[] {
  const { verb, description, changesBody, page } = kind;
  return [
    page === undefined ? code(verb) : `[${code(verb)}](${page})`,
    valueOf(kind),
    description,
    changesBody ? 'yes' : 'no',
  ];
}

function valueOf({ names, value }: StageKind): string {
  if (names === 'function') return 'a file of `functions/`, without its ending';
  if (names === 'schema') return `a file of \`schemas/\`, without its ending${value === undefined ? '' : '; or a map'}`;
  return typeOf(asMap(value));
}

function options({ verb, schema }: StageKind): string {
  const entries = Object.entries(schema.properties).map(([name, option]) => [name, asMap(option)] as const);
  if (entries.length === 0) return '';
  const rows = entries.map(([name, option]) => {
    const byDefault = option['default'];
    return [
      code(name),
      typeOf(option),
      byDefault === undefined ? '' : code(typeof byDefault === 'string' ? byDefault : JSON.stringify(byDefault)),
      typeof option['description'] === 'string' ? option['description'] : '',
    ];
  });
  return `### Options of \`${verb}\`\n\n${table(['option', 'value', 'default', 'meaning'], rows)}\n\n`;
}

function typeOf({ enum: values, type, format, pattern, minimum, maximum }: Readonly<Record<string, unknown>>): string {
  if (Array.isArray(values))
    return values.map((value) => code(typeof value === 'string' ? value : JSON.stringify(value))).join(', ');
  const range =
    minimum === undefined || maximum === undefined
      ? ''
      : ` from ${JSON.stringify(minimum)} to ${JSON.stringify(maximum)}`;
  const isSize = pattern === SIZE_PATTERN;
  return `${format === 'duration' ? 'duration' : isSize ? 'size' : typeof type === 'string' ? type : 'any'}${range}`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

if (import.meta.main) writeFileSync(PAGE, stagesPage(catalog));

/** As it lies in docs/. */
export function writtenPage(): string {
  return readFileSync(PAGE, 'utf8');
}
