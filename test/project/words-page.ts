import { readFileSync, writeFileSync } from 'node:fs';
import { FIELDS, type FieldTables } from '../../runtime/project/fields/field-tables.ts';
import type { Fields } from '../../runtime/project/fields/field.ts';

// The lists of the words of a file and of a route in docs/pipeline-file.md, made of project/fields: `node
// test/project/words-page.ts` writes them, and docs.test.ts fails when they drift.

const PAGE = new URL('../../docs/pipeline-file.md', import.meta.url);
const COLUMNS = 130;

/** One list item, broken between words. */
function item(text: string, indent: string): string {
  const lines: string[] = [];
  let line = `${indent}-`;
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = `${indent}  ${word}`;
    } else line += ` ${word}`;
  }
  return [...lines, line].join('\n');
}

/** The items of a table, each with those of its map beneath it. */
function items(fields: Fields<never>, indent: string): readonly string[] {
  return Object.values(fields).flatMap(({ doc, fields: nested = {} }) => [
    item(doc, indent),
    ...items(nested, `${indent}  `),
  ]);
}

/** The list of the words of a route, as these tables make it. */
export function wordList({ route, source, sink }: FieldTables): string {
  const ends: Readonly<Record<string, Fields<never>>> = { from: source, to: sink };
  const lines = Object.entries(route).flatMap(([word, entry]) =>
    items({ [word]: { ...entry, fields: ends[word] ?? entry.fields ?? {} } }, ''),
  );
  return `${lines.join('\n')}\n`;
}

export function writtenGuide(): string {
  return readFileSync(PAGE, 'utf8');
}

/** The page with `text` between the marks of a list. */
function between(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name}: made by test/project/words-page.ts -->\n`, `<!-- ${name} end -->\n`];
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`docs/pipeline-file.md lacks the marks of ${name}`);
  return `${before}${begin}\n${text}\n${end}${after}`;
}

export function freshGuide(): string {
  const page = between(writtenGuide(), 'file words', `${items(FIELDS.file, '').join('\n')}\n`);
  return between(page, 'words', wordList(FIELDS));
}

if (import.meta.main) writeFileSync(PAGE, freshGuide());
