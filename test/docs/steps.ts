import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../harness/sluice-process.ts';

/** What a reader of a tutorial does next, or sees. */
export type Step =
  | { readonly kind: 'types'; readonly line: string; readonly exitCode: number }
  /** In the other terminal, where the process before it has been ended by Ctrl-C. */
  | { readonly kind: 'starts'; readonly line: string }
  | { readonly kind: 'saves'; readonly path: string; readonly text: string }
  /** Lines that are shown in this order, others between them. */
  | { readonly kind: 'sees'; readonly lines: readonly string[] };

const BLOCK = /(?:^(?:[^\n]* )?Save as `(?<path>[^`]+)`:\n\n)?^```(?<language>\w+)\n(?<text>.*?)^```$/gms;
const OTHER_TERMINAL = '# terminal 2\n';

/** Every fenced block of the page, in order. */
export function stepsOf(page: string): readonly Step[] {
  const text = readFileSync(join(REPOSITORY, page), 'utf8');
  return [...text.matchAll(BLOCK)].flatMap(({ groups = {} }) => stepsIn(groups));
}

function stepsIn({ path, language, text = '' }: Readonly<Record<string, string | undefined>>): readonly Step[] {
  if (path !== undefined) return [{ kind: 'saves', path, text }];
  if (language === 'text') return [{ kind: 'sees', lines: text.trimEnd().split('\n') }];
  if (language !== 'sh') throw new Error(`expected a command, its output or a file, found a block of ${language}`);
  if (text.startsWith(OTHER_TERMINAL)) return [{ kind: 'starts', line: text.slice(OTHER_TERMINAL.length).trim() }];
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [typed = '', exitCode = '0'] = line.split(' # exit code ');
      return { kind: 'types', line: typed, exitCode: Number(exitCode) };
    });
}

/** The first of the lines that the output does not have behind the one before. Undefined: it has them all. `…` stands for any text, a space for any number of them. */
export function missingLine(lines: readonly string[], output: string): string | undefined {
  const shown = output.split('\n').map(spaced);
  let from = 0;
  return lines.find((line) => {
    const parts = spaced(line).split('…');
    const at = shown.findIndex((one, index) => index >= from && isMadeOf(one, parts));
    from = at + 1;
    return at === -1;
  });
}

function spaced(line: string): string {
  return line.replaceAll(/ +/g, ' ').trim();
}

function isMadeOf(line: string, parts: readonly string[]): boolean {
  const [first = '', ...others] = parts;
  const last = others.pop();
  if (last === undefined) return line === first;
  if (!line.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const found = line.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return line.length - last.length >= at && line.endsWith(last);
}
