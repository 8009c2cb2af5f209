import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../harness/sluice-process.ts';
import { pages } from './blocks.ts';

/** The note that maps old paths to new ones. */
const MOVES = 'docs/decisions/2026-11-27-rooms-and-words.md';
const ROOTS = new Set(['runtime', 'test', 'docs', '.ci']);
const CODE = /`([^`\n]+)`/g;
const LINK = /\]\(([^)\s]+)\)/g;
const FENCED = /^```.*?^```$/gms;
/** A placeholder of a page for contributors: `test/brokers/NAME.ts`. */
const PLACEHOLDER = /\bNAME\b/;
/** A path or a file name, with globs. An ending alone (`.test.ts`) and a placeholder (`x.test.ts`) are neither. */
const PATH = /^(?![a-z]?\.[\w.]*ts$)(?:[\w.*-]+\/)*[\w.*-]+(?:\.ts|\/)$/;

/** Everything that is written for readers, the decisions too. */
export function allPages(): readonly string[] {
  const notes = globSync('docs/decisions/*.md', { cwd: REPOSITORY });
  return [...pages(), 'SECURITY.md', ...notes].toSorted();
}

function textOf(page: string): string {
  return readFileSync(join(REPOSITORY, page), 'utf8');
}

/** Paths of this repository in a page's code spans that lead nowhere, in order. */
export function missingPaths(page: string, text = textOf(page)): readonly string[] {
  const rooms = new Set(readdirSync(join(REPOSITORY, 'runtime'), { withFileTypes: true }).flatMap(roomName));
  if (page === MOVES) return [];
  const named = [...text.replace(FENCED, '').matchAll(CODE)].map(([, span = '']) => span);
  return named.filter((span) => PATH.test(span) && !PLACEHOLDER.test(span) && !exists(page, span, rooms));
}

function roomName(entry: { readonly name: string; isDirectory(): boolean }): readonly string[] {
  return entry.isDirectory() ? [entry.name] : [];
}

function exists(page: string, path: string, rooms: ReadonlySet<string>): boolean {
  const [first = '', ...below] = path.split('/');
  // A name alone is found wherever it is: the page says in which room it speaks of it.
  if (below.length === 0) return anyOf([path, `runtime/**/${path}`, `test/**/${path}`]);
  if (ROOTS.has(first)) return anyOf([path]);
  // A folder of a user's project, or of a machine.
  if (!rooms.has(first)) return page !== 'runtime/README.md' || anyOf([`runtime/**/${path}`]);
  return anyOf([`runtime/${path}`]);
}

function anyOf(patterns: readonly string[]): boolean {
  return patterns.some((pattern) => globSync(pattern, { cwd: REPOSITORY }).length > 0);
}

/** Where the links of a page lead, but for those into the web. */
export function linksOf(page: string): readonly string[] {
  return [...textOf(page).replace(FENCED, '').matchAll(LINK)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors that the headings of a page make. */
export function anchorsOf(page: string): ReadonlySet<string> {
  const headings = textOf(page)
    .replace(FENCED, '')
    .matchAll(/^#+ (.+)$/gm);
  return new Set([...headings].map(([, heading = '']) => slug(heading)));
}

function slug(heading: string): string {
  const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
  return words.replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-');
}
