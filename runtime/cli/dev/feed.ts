import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { messageOf } from '#contract/errors.ts';
import type { AddressPattern } from '#contract/reach.ts';
import { RehearsalError } from '../../rehearsal/rehearsal-error.ts';
import { type Inlet, reads } from '../../rehearsal/stand-ins.ts';
import { type TrialLine, trialLines } from '../../rehearsal/trial/trial-lines.ts';
import { UsageError } from '../command.ts';
import { shortPath } from '../short-path.ts';

/** One sample message, and where it goes. */
export interface Sample {
  readonly line: TrialLine;
  /** The line for people, and its file where there are several. */
  readonly place: string;
  readonly connection: string;
  readonly route: string;
  readonly address: string;
}

export interface FeedSettings {
  readonly project: string;
  /** Undefined: every `fixtures/*.jsonl` of the project. */
  readonly file: string | undefined;
  /** Of messages that name none. */
  readonly address: string | undefined;
}

/** The sample messages of a feed, and what is to be said of those that have no place. Throws UsageError where `file` cannot be read. */
export function readFeed(
  { project, file, address }: FeedSettings,
  inlets: readonly Inlet[],
): { readonly samples: readonly Sample[]; readonly unplaced: readonly string[] } {
  const samples: Sample[] = [];
  const unplaced: string[] = [];
  const files = file === undefined ? fixturesOf(project) : [file];
  for (const path of files) {
    const name = shortPath(path);
    try {
      const lines = trialLines(readFileSync(path, 'utf8'), name);
      for (const line of lines) {
        const found = placesOf(line, basename(path, '.jsonl'), address, inlets);
        if (found.length === 0) unplaced.push(`${name}:${line.line}`);
        const place = files.length > 1 ? `${basename(path)}:${line.line}` : `line ${line.line}`;
        samples.push(...found.map((one) => ({ ...one, place })));
      }
    } catch (thrown) {
      if (file !== undefined)
        throw new UsageError(`expected --feed with a file of messages, found ${messageOf(thrown)}`);
      if (!(thrown instanceof RehearsalError)) throw thrown;
      unplaced.push(thrown.message);
    }
  }
  return { samples, unplaced };
}

function fixturesOf(project: string): readonly string[] {
  const folder = join(project, 'fixtures');
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.jsonl'))
      .toSorted()
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** The routes that a line goes to: the one that it or its file names; those that read its address; the only one. */
function placesOf(
  line: TrialLine,
  fileName: string,
  address: string | undefined,
  inlets: readonly Inlet[],
): readonly Omit<Sample, 'place'>[] {
  const at = line.options.address ?? address;
  const name = line.options.route;
  const named = inlets.filter(({ route }) => route.name === (name ?? fileName));
  const of = (found: readonly Inlet[]): ReturnType<typeof placesOf> =>
    found.flatMap((inlet) => {
      const there = at ?? sampleAddress(inlet);
      if (!reads(inlet, there)) return [];
      return [{ line, connection: inlet.route.from.connection, route: inlet.route.name, address: there }];
    });
  if (name !== undefined || named.length > 0) return of(named);
  return at !== undefined || inlets.length === 1 ? of(inlets) : [];
}

/** An address that the route reads: `site/sample/reading` of `site/+/reading`. */
function sampleAddress({ bus, reaches }: Inlet): string {
  const [first] = reaches;
  const pattern = first?.addresses ?? first?.filter ?? [];
  return pattern.map(levelOf).join(bus.grammar.separator);
}

function levelOf(level: AddressPattern[number]): string {
  if (typeof level === 'string') return level;
  return level === null ? 'sample' : `${level.begins}sample${level.ends}`;
}
