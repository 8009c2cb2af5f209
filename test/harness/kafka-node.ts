import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { JavaCommand } from './java-command.ts';
import { SCRAM } from './kafka-door.ts';

const run = promisify(execFile);
const TOOL_MS = 60_000;

interface NodeFacts {
  readonly java: (folder: string) => JavaCommand;
  readonly folder: string;
  /** Its file of properties. */
  readonly properties: string;
  readonly dataFolder: string;
  readonly clusterId: string;
  readonly users: Readonly<Record<string, string>>;
}

/** The command that runs a node. Its data folder is made when there is none. */
export async function kafkaNode(facts: NodeFacts): Promise<JavaCommand> {
  const { java, folder, properties, dataFolder, clusterId, users } = facts;
  const { binary, args } = java(folder);
  if (!existsSync(join(dataFolder, 'meta.properties'))) {
    mkdirSync(dataFolder, { recursive: true });
    const scram = Object.entries(users).flatMap(([name, password]) =>
      SCRAM.flatMap((mechanism) => ['--add-scram', `${mechanism}=[name=${name},password=${password}]`]),
    );
    const format = ['kafka.tools.StorageTool', 'format', `--cluster-id=${clusterId}`, '-c', properties, ...scram];
    await run(binary, [...args, ...format], { timeout: TOOL_MS });
  }
  return { binary, args: [...args, 'kafka.Kafka', properties] };
}
