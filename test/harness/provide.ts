import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { infraTools, program } from '../../runtime/infra/tools.ts';
import { BROKERS_FOLDER } from './brokers-folder.ts';
import { byNpm } from './by-npm.ts';
import type { Found } from '../../runtime/infra/found.ts';
import { RUN_VARIABLE } from './run-variable.ts';
import { waitFor } from './wait-for.ts';

const PROVIDE_MS = 2_000_000;

const {
  'nats-server': nats,
  mosquitto,
  java,
  kafka,
  epmd,
  'rabbitmq-server': rabbitmq,
  jaeger,
} = infraTools(BROKERS_FOLDER);

/** The oldest Node that Sluice runs on: `engines` of package.json. */
const NODE_22 = {
  name: 'node-22',
  package: `node-${process.platform}-${process.arch}`,
  version: '22.18.0',
  file: 'bin/node',
};

const ways = {
  'nats-server': nats,
  mosquitto,
  openssl: program('openssl', 'openssl'),
  // With the headers of the C library, which the compiler's own package only recommends.
  cc: program('cc', 'build-essential'),
  java,
  // In the same package, and absent where only the part that runs programs is installed.
  javac: program('javac', 'default-jdk-headless'),
  kafka,
  epmd,
  'rabbitmq-server': rabbitmq,
  zsh: program('zsh', 'zsh'),
  fish: program('fish', 'fish'),
  'node-22': () => byNpm(NODE_22, BROKERS_FOLDER),
  // Behind the others: packages are installed, and programs built, one at a time in this order.
  prometheus: program('prometheus', 'prometheus'),
  chromium: program('chromium', 'chromium'),
  jaeger,
} satisfies Record<string, () => Promise<Found>>;

/** Everything the tests can ask for by name. */
export type Tool = keyof typeof ways;

/** How a tool comes here that is neither on the PATH nor kept from an earlier run. */
export function wayTo(tool: Tool): string {
  if (tool === 'nats-server') return 'built by Go into .brokers/';
  if (tool === 'node-22') return 'fetched by npm into .brokers/';
  if (tool === 'jaeger') return 'built by Go into .brokers/, which takes minutes';
  return tool === 'kafka' ? 'fetched by Maven into .brokers/' : 'installed by apt';
}

export const TOOLS = Object.keys(ways) as readonly Tool[];

const provided = new Map<Tool, Promise<Found>>();

/** In a run's folder: the file that says where its runner has found a tool. */
export function toolFile(tool: Tool): string {
  return `tool-${tool}.json`;
}

/** The runner looks for every tool once: its answer, for the processes of test files. */
async function asTheRunFound(run: string, tool: Tool): Promise<Found> {
  const file = join(run, toolFile(tool));
  const text = await waitFor(() => readFileSync(file, 'utf8'), PROVIDE_MS, `the run to have ${tool}`);
  return JSON.parse(text) as Found;
}

/** Finds the tool, or provides it where that may be done; asked again it answers the same. */
export function provide(tool: Tool): Promise<Found> {
  const known = provided.get(tool);
  if (known !== undefined) return known;
  const run = process.env[RUN_VARIABLE];
  const provision = run === undefined ? ways[tool]() : asTheRunFound(run, tool);
  provided.set(tool, provision);
  return provision;
}

/** Where a tool is that a test has already named among its needs. Throws the reason where it is missing. */
export async function pathOf(tool: Tool): Promise<string> {
  const provision = await provide(tool);
  if (!provision.found) throw new Error(provision.reason);
  return provision.path;
}
