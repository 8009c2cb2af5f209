import { delimiter, join } from 'node:path';
import { pathOf } from './provide.ts';

/** A program and the arguments before the name of the class to run. */
export interface JavaCommand {
  readonly binary: string;
  readonly args: readonly string[];
}

/** How Java runs a class of Kafka's jars, or of another folder; `folder` takes what the JVM itself writes. */
export async function javaCommand(): Promise<(folder: string, classes?: string) => JavaCommand> {
  const [binary, jars] = await Promise.all([pathOf('java'), pathOf('kafka')]);
  return (folder, classes) => ({
    binary,
    args: [
      '-Xmx256m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-XX:-UsePerfData',
      `-Djava.io.tmpdir=${folder}`,
      `-Dlog4j2.configurationFile=${join(import.meta.dirname, 'java', 'log4j2.properties')}`,
      '-cp',
      [...(classes === undefined ? [] : [classes]), join(jars, '*')].join(delimiter),
    ],
  });
}
