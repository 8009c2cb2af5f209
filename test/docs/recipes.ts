import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../harness/sluice-process.ts';

/** A file of a recipe: a line that names it, and the fenced block behind that. */
const FILE = /^File `([^`\n]+)`:\n\n```\w+\n(.*?)^```$/gms;

/** The files of a page under docs/recipes/, by path. */
export function recipeFiles(page: string): Readonly<Record<string, string>> {
  const text = readFileSync(join(REPOSITORY, 'docs/recipes', page), 'utf8');
  return Object.fromEntries([...text.matchAll(FILE)].map(([, path = '', content = '']) => [path, content]));
}
