// `node test/project/bus-pages.ts` writes the generated sections of docs/buses/*.md anew; a test fails when they drift.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Bus, Guarantees, Instances, OptionSchema } from '#contract/bus.ts';
import { boundsInWords } from '../../runtime/project/check/describe.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { guaranteesOf, shapesOf } from './bus-shapes.ts';

function pathOf({ name }: Bus): string {
  return fileURLToPath(new URL(`../../docs/buses/${name}.md`, import.meta.url));
}

/** The buses of the catalog, each of which has a page, in the order of the catalog. */
export const PAGES: readonly Bus[] = [...catalog.buses.values()];

export function writtenPage(bus: Bus): string {
  return readFileSync(pathOf(bus), 'utf8');
}

/** The page with its generated parts made anew from the driver: heading, options, guarantees. Throws where one is missing. */
export function freshPage(bus: Bus, written = writtenPage(bus)): string {
  const sections = { options: options(bus), guarantees: guarantees(bus) };
  let page = written.replace(/^# .*/, `# ${bus.page.title}`);
  for (const [name, text] of Object.entries(sections)) {
    const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
    const [from, to] = [page.indexOf(begin), page.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`docs/buses/${bus.name}.md lacks ${begin} ... ${end}`);
    page = `${page.slice(0, from)}${begin}\n\n${text}\n\n${page.slice(to)}`;
  }
  return page;
}

interface Row {
  readonly name: string;
  readonly byDefault: string;
  readonly text: string;
}

function isSchema(value: unknown): value is OptionSchema {
  return typeof value === 'object' && value !== null;
}

/** ` From 10ms to 1h.` */
function boundsSentence(schema: OptionSchema): string {
  const words = boundsInWords(schema);
  return words === '' ? '' : ` ${words.trim().replace(/^./, (first) => first.toUpperCase())}.`;
}

function rowsOf(schema: OptionSchema, prefix: string): Row[] {
  const required = Array.isArray(schema['required']) ? (schema['required'] as readonly unknown[]) : [];
  return Object.entries(schema.properties).flatMap(([name, property]): Row[] => {
    if (!isSchema(property)) return [];
    const byDefault = 'default' in property ? code(property['default']) : required.includes(name) ? 'required' : '';
    const { description } = property;
    const row = {
      name: prefix + name,
      byDefault,
      text: `${typeof description === 'string' ? description : ''}${boundsSentence(property)}`,
    };
    // What is inside explains itself; the map around it is one more row.
    return 'properties' in property ? [row, ...rowsOf(property, `${prefix}${name}.`)] : [row];
  });
}

function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function options({ connectionSchema, sourceSchema, sinkSchema }: Bus): string {
  return (
    [
      ['connection', connectionSchema],
      ['`from`', sourceSchema],
      ['`to`', sinkSchema],
    ] as const
  )
    .map(([title, schema]) =>
      table(
        [title, 'default', ''],
        rowsOf(schema, '').map(({ name, byDefault, text }) => [`\`${name}\``, byDefault, text]),
      ),
    )
    .join('\n\n');
}

/** What each ack grade means (docs/conformance.md). */
const CONFIRMS: Readonly<Record<Guarantees['confirms'], string>> = {
  sent: 'sent, nothing more (G0)',
  received: "in the server's memory (G1)",
  stored: 'stored: survives a crash of the server (G2)',
  synced: 'synced: survives a power cut of the server (G3)',
  replicated: 'replicated: survives the loss of a server (G4)',
};

const STAMPS: Readonly<Record<Guarantees['stamps'], string>> = {
  publisher: "its publisher's",
  optional: "its publisher's, where it set one",
  server: "the server's, when it took it",
  none: 'none',
};

const ORDER: Readonly<Record<Guarantees['ordered'], string>> = {
  none: 'none',
  key: 'per key and address',
  address: 'per address',
};

const SHARES: Readonly<Record<Instances['share'], string>> = {
  'by-key': "each key is one process's at a time, every class is kept as far as the commits have room",
  standby: 'one reads, another takes over',
  any: 'any message goes to any of them: order is lost',
  all: 'each gets every message',
};

const yes = (value: boolean): string => (value ? 'yes' : 'no');

function repeats({ redelivers, repeatsBeside }: Guarantees): string {
  if (!redelivers) return 'nothing';
  return `up to a window${repeatsBeside === undefined ? '' : `; ${repeatsBeside}`}`;
}

const LINES: readonly (readonly [string, (promised: Guarantees, isSource: boolean) => string])[] = [
  ['delivery', ({ redelivers }, isSource) => (!isSource ? '' : redelivers ? 'at least once' : 'at most once')],
  ['confirmed means', ({ confirms }, isSource) => (isSource ? '' : CONFIRMS[confirms])],
  ['time of a message', ({ stamps }, isSource) => (isSource ? STAMPS[stamps] : '')],
  ['order', ({ ordered }) => ORDER[ordered]],
  [
    'several processes',
    ({ instances }, isSource) => (!isSource ? '' : instances === undefined ? 'within one' : SHARES[instances.share]),
  ],
  ['comes again after a kill of the bridge', (promised, isSource) => (isSource ? repeats(promised) : '')],
  ['removes duplicates by id', ({ deduplicates }, isSource) => (isSource ? '' : yes(deduplicates))],
  ['looks up at the start what it wrote last', ({ recoversIds }, isSource) => (isSource ? '' : yes(recoversIds))],
  ['carries headers, id, content type', ({ carriesHeaders }) => yes(carriesHeaders)],
  ['carries the key', ({ carriesKey }) => yes(carriesKey)],
  ['carries expiry', ({ carriesExpiry }) => yes(carriesExpiry)],
  ['carries null bodies', ({ carriesNull }) => yes(carriesNull)],
];

function guarantees(bus: Bus): string {
  const shapes = shapesOf([bus]).map((shape) => ({
    title: shape.title,
    isSource: 'from' in shape,
    promised: guaranteesOf(shape),
  }));
  const rows = LINES.map(([name, say]) => [name, ...shapes.map(({ promised, isSource }) => say(promised, isSource))]);
  const notes = new Map<string, string[]>();
  for (const { title, promised } of shapes) {
    for (const note of promised.notes) notes.set(note, [...(notes.get(note) ?? []), title]);
  }
  const said = [...notes].map(([note, titles]) => `- ${titles.join('; ')}: ${note}.`);
  return [
    table(['', ...shapes.map(({ title }) => title)], rows),
    `\`check\` says, at each route that it concerns:\n\n${said.join('\n')}`,
  ].join('\n\n');
}

if (import.meta.main) for (const bus of PAGES) writeFileSync(pathOf(bus), freshPage(bus));
