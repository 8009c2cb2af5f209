#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nearestName } from '#kit/nearest.ts';
import { isNodeTooOld } from '#kit/node-floor.ts';
import { packageFolder } from '../package-folder.ts';
import { type Arguments, type Command, UsageError } from './command.ts';
import { build } from './build.ts';
import { check } from './check.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { run } from './run.ts';
import { schema } from './schema.ts';

const COMMANDS: readonly Command[] = [run, check, build, schema];

process.exitCode = isNodeTooOld() ? EXIT.environment : await main(process.argv.slice(2));

async function main([word, ...rest]: readonly string[]): Promise<ExitCode> {
  if (word === undefined || word === 'help' || word === '--help' || word === '-h') {
    process.stdout.write(overview());
    return word === undefined ? EXIT.invalid : EXIT.fine;
  }
  if (word === '--version') {
    process.stdout.write(`${version()}\n`);
    return EXIT.fine;
  }
  const command = COMMANDS.find(({ name }) => name === word);
  if (command === undefined) return wrong(unknown(word));
  if (rest.includes('--help')) {
    process.stdout.write(manual(command));
    return EXIT.fine;
  }
  try {
    return await command.run(parse(command, rest));
  } catch (thrown) {
    if (thrown instanceof UsageError) return wrong(`${thrown.message}\nusage: sluice ${command.name} ${command.usage}`);
    process.stderr.write(`${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}\n`);
    return EXIT.internal;
  }
}

/** Throws UsageError. */
function parse(command: Command, rest: readonly string[]): Arguments {
  let given: Arguments;
  try {
    given = parseArgs({ args: [...rest], options: command.options, allowPositionals: true });
  } catch (thrown) {
    throw new UsageError(thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
  }
  const words = given.positionals.length;
  if (words !== command.words)
    throw new UsageError(`expected ${command.words === 0 ? 'no words' : 'one pipeline file'}, found ${words}`);
  return given;
}

function wrong(text: string): ExitCode {
  process.stderr.write(`sluice: ${text}\n`);
  return EXIT.invalid;
}

function unknown(word: string): string {
  const names = COMMANDS.map(({ name }) => name);
  const near = nearestName(word, names);
  return `expected a command (${names.join(', ')}), found ${word}${near === undefined ? '' : `; did you mean ${near}?`}`;
}

function overview(): string {
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(8)} ${summary}`);
  return `sluice ${version()}: a bridge between message buses\n\n${lines.join('\n')}\n\nsluice COMMAND --help says more.\nExit codes: 0 fine, 1 internal error, 2 invalid input, 3 environment.\n`;
}

function manual({ name, usage, summary, help }: Command): string {
  const lines = Object.entries(help).map(([option, meaning]) => `  ${option.padEnd(20)} ${meaning}`);
  return `sluice ${name} ${usage}\n\n${summary}\n${lines.length === 0 ? '' : `\n${lines.join('\n')}\n`}`;
}

function version(): string {
  const description: unknown = JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8'));
  return typeof description === 'object' && description !== null && 'version' in description
    ? String(description.version)
    : '';
}
