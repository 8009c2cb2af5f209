import { join } from 'node:path';
import { pathOf } from './provide.ts';

/** A program and the arguments before the name of the class to run. */
export interface JavaCommand {
  readonly binary: string;
  readonly args: readonly string[];
}

/** How Java runs a class of Kafka's jars; `folder` takes what the JVM itself writes. */
export async function javaCommand(): Promise<(folder: string) => JavaCommand> {
  const [binary, jars] = await Promise.all([pathOf('java'), pathOf('kafka')]);
  return (folder) => ({
    binary,
    args: [
      '-Xmx256m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-XX:-UsePerfData',
      `-Djava.io.tmpdir=${folder}`,
      `-Dlog4j2.configurationFile=${join(import.meta.dirname, 'java', 'log4j2.properties')}`,
      '-cp',
      join(jars, '*'),
    ],
  });
}
