import { pathToFileURL } from 'node:url';
import type { ExaminedEnd } from '#contract/doctor.ts';
import { messageOf } from '#contract/errors.ts';
import { endName, type LineWriter } from '../../support/doctor-checks.ts';
import { compareFile } from '../access/acl-file.ts';
import type { MqttTo } from '../options.ts';
import type { MosquittoConf } from './mosquitto-conf.ts';

interface Publishing {
  /** Of the pipeline file. */
  readonly connection: string;
  /** As the server knows it; undefined: it names none. */
  readonly user: string | undefined;
  readonly conf: MosquittoConf | undefined;
}

/**
 * The rights of sinks. MQTT has no request for them, and a publish would reach the readers: so only the ACL file of a mosquitto
 * shows them, where mosquitto.conf was given and names one that can be read here.
 */
export async function judgePublish(
  say: LineWriter,
  sink: ExaminedEnd<MqttTo>,
  { connection, user, conf }: Publishing,
): Promise<void> {
  const about = `${endName(sink)}, ${sink.end.topic}`;
  const compared = `sluice acl PIPELINE --check file:///etc/mosquitto/acl --connection ${connection}, which compares the server's file`;
  const file = conf?.get('acl_file');
  if (file === undefined || user === undefined) {
    return say.unknown('PUBLISH', about, 'MQTT has no request for it, and a publish would reach the readers', compared);
  }
  try {
    const asked = {
      name: user,
      identity: [],
      connections: [connection],
      connection: {},
      rights: sink.rights,
      notes: [],
    };
    const { differences } = await compareFile(pathToFileURL(file), [asked]);
    const missing = differences.filter(({ kind }) => kind === 'missing').map(({ right }) => right);
    if (missing.length === 0) return say.ok('PUBLISH', about, `${file} allows it`);
    const write = `the lines that \`sluice acl PIPELINE --for mosquitto\` prints, in ${file}`;
    say.error('PUBLISH', about, `${file} does not allow user ${user} to ${missing.join(', ')}`, write);
  } catch (thrown) {
    say.unknown('PUBLISH', about, `the ACL file cannot be read: ${messageOf(thrown)}`, compared);
  }
}
