// `node test/names/compare.ts [--each]`: whether every test that there once was is still there. Compares before.txt, the
// names on the day when the tests were divided into tiers, with what `npm test` and `npm run test:long` have written of
// their last whole run. Says for each file where its tests are now; with --each for each test.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT, stemOf, testFile } from '../runner/tiers.ts';

const MOST = 20;

interface Place {
  readonly file: string;
  readonly name: string;
}

/** A line for each file, then its tests, indented. */
function readNames(file: string): readonly Place[] {
  const places: Place[] = [];
  let current = '';
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line.startsWith('  ')) places.push({ file: current, name: line.slice(2) });
    else if (line !== '') current = line;
  }
  return places;
}

/** What a whole run of the tier has recorded. */
function recorded(tier: string): readonly Place[] {
  const file = join(PROJECT, '.test-results', `${tier}.json`);
  if (!existsSync(file)) throw new Error(`no ${file}: run the whole tier ${tier} first`);
  return JSON.parse(readFileSync(file, 'utf8')) as readonly Place[];
}

/** Which of these is most likely the same test: one of a file of that name, else any. */
function takeOne(places: Place[], file: string): Place | undefined {
  const same = places.findIndex((place) => stemOf(place.file) === stemOf(file));
  const [taken] = places.splice(Math.max(same, 0), 1);
  return taken;
}

const renamed = JSON.parse(readFileSync(join(import.meta.dirname, 'renamed.json'), 'utf8')) as Record<string, string>;
const before = readNames(join(import.meta.dirname, 'before.txt'));
const now = [...recorded('standard'), ...recorded('long')];
const byName = Map.groupBy(now, ({ name }) => name);
const missing: Place[] = [];
const places: { readonly was: Place; readonly is: Place }[] = [];
for (const was of before) {
  const is = takeOne(byName.get(renamed[was.name] ?? was.name) ?? [], was.file);
  if (is === undefined) missing.push(was);
  else places.push({ was, is });
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const tierOf = (file: string): string => {
  const { kind, alone } = testFile(file);
  return (kind === 'server' || kind === 'slow' ? 'standard' : kind) + (alone ? ', alone' : '');
};
if (process.argv.includes('--each')) {
  for (const { was, is } of places) say(`${was.file} > ${was.name}\n    ${tierOf(is.file)}: ${is.file} > ${is.name}`);
} else {
  for (const [file, moved] of Map.groupBy(places, ({ was }) => was.file)) {
    const targets = [...Map.groupBy(moved, ({ is }) => is.file)].map(
      ([target, some]) => `${some.length} ${tierOf(target)} (${target})`,
    );
    say(`${file}: ${targets.join(', ')}`);
  }
}
for (const { file, name } of missing.slice(0, MOST)) say(`MISSING ${file} > ${name}`);
say(`${before.length} tests before, ${places.length} of them are there, ${missing.length} missing; ${now.length} now`);
if (missing.length > 0) process.exitCode = 1;
