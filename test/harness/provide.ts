import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { byApt } from './by-apt.ts';
import { byGo, type GoProgram } from './by-go.ts';
import { byMaven } from './by-maven.ts';
import type { Found } from './found.ts';
import { executable, onPath } from './on-path.ts';
import { RUN_VARIABLE } from './run-variable.ts';
import { waitFor } from './wait-for.ts';

const PROVIDE_MS = 2_000_000;

// Beside the wrapper in /usr/sbin, which refuses ordinary users and takes root's rights away.
const RABBITMQ = '/usr/lib/rabbitmq/bin/rabbitmq-server';

const KAFKA = [
  { group: 'org.apache.kafka', name: 'kafka_2.13', version: '4.1.0' },
  { group: 'org.apache.logging.log4j', name: 'log4j-slf4j-impl', version: '2.25.1' },
];

const NATS: GoProgram = { name: 'nats-server', module: 'github.com/nats-io/nats-server/v2', version: 'v2.15.2' };

// The module's go.mod replaces another module: see GoProgram.
const JAEGER: GoProgram = {
  name: 'jaeger',
  module: 'github.com/jaegertracing/jaeger',
  version: 'v1.76.0',
  folder: 'cmd/jaeger',
};

const program = (name: string, packageName: string) => (): Promise<Found> => byApt(packageName, () => onPath(name));

const maven = program('mvn', 'maven');

const ways = {
  'nats-server': async (): Promise<Found> => {
    const path = onPath('nats-server');
    if (path !== undefined) return { found: true, path };
    return byGo(NATS);
  },
  mosquitto: program('mosquitto', 'mosquitto'),
  openssl: program('openssl', 'openssl'),
  // With the headers of the C library, which the compiler's own package only recommends.
  cc: program('cc', 'build-essential'),
  java: program('java', 'default-jdk-headless'),
  // In the same package, and absent where only the part that runs programs is installed.
  javac: program('javac', 'default-jdk-headless'),
  /** A folder of jars. */
  kafka: () => byMaven('kafka', KAFKA, maven),
  epmd: program('epmd', 'rabbitmq-server'),
  'rabbitmq-server': () => byApt('rabbitmq-server', () => (executable(RABBITMQ) ? RABBITMQ : undefined)),
  zsh: program('zsh', 'zsh'),
  fish: program('fish', 'fish'),
  // Behind the others: packages are installed, and programs built, one at a time in this order.
  prometheus: program('prometheus', 'prometheus'),
  chromium: program('chromium', 'chromium'),
  /** Version 2 of Jaeger, which the module's version 1.76 has in cmd/jaeger. Always of this version: not the PATH's. */
  jaeger: () => byGo(JAEGER),
} satisfies Record<string, () => Promise<Found>>;

/** Everything the tests can ask for by name. */
export type Tool = keyof typeof ways;

/** How a tool comes here that is neither on the PATH nor kept from an earlier run. */
export function wayTo(tool: Tool): string {
  if (tool === 'nats-server') return 'built by Go into .brokers/';
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
