#!/usr/bin/env node
import { didYouMean } from '#kit/nearest.ts';
import { isNodeTooOld } from './node-floor.ts';
import { VERSION } from '#contract/version.ts';
import { type Command, UsageError } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { examplesText, helpLines } from './help-lines.ts';
import { exitFlushed } from './exit-flushed.ts';
import { parseArguments } from './parse-arguments.ts';

/** Each is imported when it is called: `run` does not wait for the demo's broker. */
const COMMANDS: Readonly<Record<string, { readonly summary: string; readonly load: () => Promise<Command> }>> = {
  new: {
    summary: 'write a project to begin with: pipeline, function, schemas, test, fixture',
    load: async () => (await import('./new.ts')).newProject,
  },
  run: { summary: 'run a pipeline until SIGTERM or Ctrl-C', load: async () => (await import('./run.ts')).run },
  check: {
    summary: 'report all that is wrong with a pipeline, its functions and its schemas',
    load: async () => (await import('./check.ts')).check,
  },
  explain: {
    summary: 'print the promises of each route, and what happens to its messages on a failure',
    load: async () => (await import('./explain.ts')).explain,
  },
  try: {
    summary: 'run messages of a file through a pipeline without its buses, and rehearse an outage',
    load: async () => (await import('./try.ts')).tryOut,
  },
  dev: {
    summary:
      'run a pipeline while you edit it: what is saved runs from the next message on; --offline without its buses',
    load: async () => (await import('./dev.ts')).dev,
  },
  build: {
    summary: 'make one file that runs the pipeline on Node alone, and its manifest',
    load: async () => (await import('./build.ts')).build,
  },
  advise: {
    summary:
      'from needs to a bus, a class and settings for each kind of messages, with the reasons; writes a pipeline file',
    load: async () => (await import('./advise.ts')).advise,
  },
  acl: {
    summary: "write a broker's access rights for a pipeline, or compare a running broker with them",
    load: async () => (await import('./acl.ts')).acl,
  },
  doctor: {
    summary: 'reach every bus of a pipeline, and say what is wrong with servers, rights, settings and this machine',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  dlq: {
    summary: 'dead letters: list, show, replay, discard, export',
    load: async () => (await import('./dlq.ts')).dlq,
  },
  replay: {
    summary: 'send a time range of a log (JetStream, Kafka, RabbitMQ stream) through the current stages again',
    load: async () => (await import('./replay.ts')).replay,
  },
  status: {
    summary: 'what a running pipeline does, and what is wrong with it: one screen, exit code 1 where something is',
    load: async () => (await import('./status.ts')).status,
  },
  top: {
    summary: 'the same, drawn again each second',
    load: async () => (await import('./top.ts')).top,
  },
  approve: {
    summary: 'messages that wait for approval at a guard: list, approve',
    load: async () => (await import('./approve.ts')).approve,
  },
  audit: {
    summary: 'audit files of guards: verify that no line was edited, removed, moved or cut off',
    load: async () => (await import('./audit.ts')).audit,
  },
  schema: {
    summary: 'compare versions of schemas: diff, check; alone: print the JSON Schema of pipeline files, for editors',
    load: async () => (await import('./schema.ts')).schema,
  },
  types: {
    summary: 'write the TypeScript types of the schemas into schemas/types.d.ts',
    load: async () => (await import('./types.ts')).types,
  },
  verify: {
    summary: 'send numbered messages through any bridge and report what it lost, repeated, reordered or spoilt',
    load: async () => (await import('./verify.ts')).verify,
  },
  send: {
    summary: 'put messages into a bus, over the connections of a pipeline or by a URL',
    load: async () => (await import('./send.ts')).send,
  },
  tail: {
    summary: 'watch the messages of a bus, without taking any from those who read it',
    load: async () => (await import('./tail.ts')).tail,
  },
  infra: {
    summary: 'local servers to try a pipeline with: up, down, list',
    load: async () => (await import('./infra.ts')).infra,
  },
  demo: {
    summary: 'a simulated fleet through a real pipeline, brokers included; with NATS_URL set, into that JetStream',
    load: async () => (await import('./demo.ts')).demo,
  },
  completion: {
    summary: 'print a script that completes commands, options and files in bash, zsh or fish',
    load: async () => (await import('./completion.ts')).completionOf(COMMANDS),
  },
};

await exitFlushed(isNodeTooOld() ? EXIT.environment : await main(process.argv.slice(2)));

async function main([word, ...rest]: readonly string[]): Promise<ExitCode> {
  if (word === undefined || word === 'help' || word === '--help' || word === '-h') {
    process.stdout.write(overview());
    return word === undefined ? EXIT.invalid : EXIT.fine;
  }
  if (word === '--version') {
    process.stdout.write(`${(await import('./version-text.ts')).versionText()}\n`);
    return EXIT.fine;
  }
  const entry = Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
  if (entry === undefined) return wrong(unknown(word));
  const command = await entry.load();
  if (rest.includes('--help')) {
    process.stdout.write(manual(word, entry.summary, command));
    return EXIT.fine;
  }
  try {
    return await command.run(parseArguments(command, rest));
  } catch (thrown) {
    if (thrown instanceof UsageError) return wrong(`${thrown.message}\nusage: sluice ${word} ${command.usage}`);
    process.stderr.write(`${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}\n`);
    return EXIT.internal;
  }
}

function wrong(text: string): ExitCode {
  process.stderr.write(`sluice: ${text}\n`);
  return EXIT.invalid;
}

function unknown(word: string): string {
  const names = Object.keys(COMMANDS);
  return `expected a command (${names.join(', ')}), found ${word}${didYouMean(word, names)}`;
}

function overview(): string {
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`);
  return `sluice ${VERSION}: a bridge between message buses\n\n${lines.join('\n')}\n\nsluice COMMAND --help shows more.\nExit codes: 0 fine, 1 internal error (status: degraded or down), 2 invalid input, 3 environment, 4 convicted (verify, audit, acl, try), 5 incompatible, 6 undecided (schema).\n`;
}

function manual(name: string, summary: string, { usage, help, examples }: Command): string {
  const lines = helpLines(help);
  const shown = examplesText(`sluice ${name}`, examples);
  return `sluice ${name} ${usage}\n\n${summary}\n${lines === '' ? '' : `\n${lines}`}\nExamples:\n${shown}`;
}
