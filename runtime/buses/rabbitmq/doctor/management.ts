import type { Examination } from '#contract/doctor.ts';
import { asList } from '#kit/json-value.ts';
import { messageOf } from '#contract/errors.ts';
import { judgeClock, type LineWriter } from '../../support/doctor-checks.ts';
import { askManagement, askWithTime } from '../management.ts';
import type { RabbitConnection } from '../options.ts';
import { type QueueSettings, settingsOf, tableOf } from '../queue-settings.ts';

/** The management API of one connection. Each answer is undefined where it cannot be had. */
export interface ManagementApi {
  settings(queue: string): Promise<QueueSettings | undefined>;
  /** What the exchange feeds, by name. */
  fedBy(exchange: string): Promise<readonly string[] | undefined>;
}

type Given = Pick<Examination<RabbitConnection>, 'connection' | 'options'>;

/** Looks at the API itself: clock and alarms. Undefined where there is none, and a line says why. */
export async function examineManagement(
  say: LineWriter,
  { connection, options }: Given,
  encodedVhost: string,
): Promise<ManagementApi | undefined> {
  const base = options.management;
  if (base === undefined) {
    const found = 'not asked: settings of queues, bindings and alarms are not seen without it';
    const write = `buses.${connection}: management: http://HOST:15672`;
    say.unknown('MANAGEMENT', '', found, write);
    return undefined;
  }
  try {
    const beforeMs = Date.now();
    const { serverMs } = await askWithTime(base, '/api/whoami', options);
    say.ok('MANAGEMENT', '', new URL(base).host);
    if (serverMs !== undefined) judgeClock(say, { serverMs, beforeMs, afterMs: Date.now(), precisionMs: 1000 });
  } catch (thrown) {
    const write = `management with the URL of the API, and rabbitmqctl set_user_tags USER management`;
    say.warning('MANAGEMENT', '', `it does not answer: ${messageOf(thrown)}`, write);
    return undefined;
  }
  await judgeAlarms(say, base, options);
  const get = (path: string): Promise<unknown> => askManagement(base, path, options).catch(() => undefined);
  return {
    async settings(queue) {
      const answer = await get(`/api/queues/${encodedVhost}/${encodeURIComponent(queue)}`);
      return answer === undefined ? undefined : settingsOf(answer);
    },
    async fedBy(exchange) {
      const answer = await get(`/api/exchanges/${encodedVhost}/${encodeURIComponent(exchange)}/bindings/source`);
      return answer === undefined ? undefined : asList(answer).map((one) => String(tableOf(one)['destination']));
    },
  };
}

async function judgeAlarms(say: LineWriter, base: string, options: RabbitConnection): Promise<void> {
  try {
    await askManagement(base, '/api/health/checks/alarms', options);
    say.ok('ALARMS', '', 'none');
  } catch (thrown) {
    const why = messageOf(thrown);
    if (why.endsWith(' 503')) {
      const found = 'the server has an alarm of memory or disk: it takes no message until it is over';
      say.error('ALARMS', '', found, 'rabbitmqctl status, and more memory or disk for the server');
    } else say.unknown('ALARMS', '', `this user may not ask (${why})`, 'rabbitmqctl set_user_tags USER monitoring');
  }
}
