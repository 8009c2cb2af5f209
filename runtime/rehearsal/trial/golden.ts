import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { shown } from './body-diff.ts';
import type { Trial } from './trial.ts';

/** What is the same at every run: one line for each message and route, without times of the machine. */
export function goldenText({ messages }: Trial): string {
  return messages
    .map(({ line, route, address, key, label, end, reason, stages, sent }) =>
      shown({
        line,
        route,
        address,
        key,
        label,
        end,
        reason,
        stages: stages.map(({ stage, note, changes }) => ({
          stage,
          note,
          changes: changes.map(({ sign, at, value }) => `${sign} ${at} ${value}`),
        })),
        sent: sent.map(({ sink, address: to, key: sentKey, headers, body, id, afterMs }) => ({
          sink,
          address: to,
          key: sentKey,
          headers,
          body,
          id,
          afterMs,
        })),
      }),
    )
    .map((line) => `${line}\n`)
    .join('');
}

export interface GoldenDifference {
  readonly file: string;
  /** Lines of the file that are gone, and lines that are new: the first of each. */
  readonly gone: readonly string[];
  readonly come: readonly string[];
}

const MOST_SHOWN = 10;

/** Writes the file of a golden trial, or compares with it. Undefined where nothing differs. */
export function golden(folder: string, trial: Trial, update: boolean): GoldenDifference | undefined {
  const file = join(folder, `${trial.pipeline}.golden.jsonl`);
  const text = goldenText(trial);
  if (update) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, text);
    return undefined;
  }
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (before === text) return undefined;
  const [old, now] = [before.split('\n').filter(Boolean), text.split('\n').filter(Boolean)];
  const [known, found] = [new Set(old), new Set(now)];
  const gone = old.filter((line) => !found.has(line)).slice(0, MOST_SHOWN);
  const come = now.filter((line) => !known.has(line)).slice(0, MOST_SHOWN);
  return { file, gone, come };
}
