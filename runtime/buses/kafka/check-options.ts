import type { OptionFlaw } from '#contract/bus.ts';
import { durationMs } from '#kit/quantity.ts';
import { startTimeFlaws } from '../support/start-time.ts';
import type { KafkaConnection, KafkaFrom, KafkaTo } from './options.ts';
import { brokerFlaw } from './seed-broker.ts';
import { topicNames } from './topics.ts';

type Report = (path: readonly string[], expected: string, found: string, write: string) => void;

/** Rules that the schemas of the options cannot express. */
export function checkOptions(
  connection: KafkaConnection,
  end: { from: KafkaFrom } | { to: KafkaTo },
): readonly OptionFlaw[] {
  const found: OptionFlaw[] = [];
  const report =
    (where: OptionFlaw['where']): Report =>
    (path, expected, seen, write) =>
      found.push({ where, path, expected, found: seen, write });
  checkBrokers(connection, report('connection'));
  checkIdentity(connection, report('connection'));
  if ('from' in end) {
    checkSource(end.from, report('end'));
    found.push(...startTimeFlaws(end.from.start));
  }
  return found;
}

function checkBrokers({ brokers }: KafkaConnection, report: Report): void {
  for (const [index, broker] of brokers.entries()) {
    const flaw = brokerFlaw(broker);
    if (flaw !== undefined) report(['brokers', String(index)], flaw.expected, flaw.found, 'HOST:9092 or "[::1]:9092"');
  }
}

function checkIdentity({ sasl, tls }: KafkaConnection, report: Report): void {
  if ((tls?.cert === undefined) !== (tls?.key === undefined)) {
    const missing = tls?.cert === undefined ? 'cert' : 'key';
    report(['tls', missing], 'cert and key together', `no ${missing}`, `tls: { ${missing}: "file:client.${missing}" }`);
  }
  if (sasl === undefined) return;
  const { mechanism, username, password, token, tokenFile } = sasl;
  const needs = (name: string, write: string): void =>
    report(['sasl', name], `${name} with mechanism ${mechanism}`, 'none', `${name}: ${write}`);
  const hasNoUse = (name: string): void =>
    report(['sasl', name], `no ${name} with mechanism ${mechanism}`, name, `mechanism ${mechanism} without ${name}`);
  if (mechanism === 'oauthbearer') {
    if (username !== undefined) hasNoUse('username');
    if (password !== undefined) hasNoUse('password');
    if (token === undefined && tokenFile === undefined) needs('tokenFile', 'PATH');
    if (token !== undefined && tokenFile !== undefined) {
      report(['sasl', 'token'], 'token or tokenFile', 'both', 'tokenFile: PATH alone');
    }
    return;
  }
  if (username === undefined) needs('username', 'NAME');
  if (password === undefined) needs('password', 'env:NAME');
  if (token !== undefined) hasNoUse('token');
  if (tokenFile !== undefined) hasNoUse('tokenFile');
}

function checkSource({ topics, sessionTimeout, rebalanceTimeout }: KafkaFrom, report: Report): void {
  for (const [index, topic] of topics.entries()) {
    const flaw = topicNames.flaw(topic);
    if (flaw === undefined) continue;
    const path = ['topics', String(index)];
    if (/[*+?^$|()[\]\\]/.test(topic))
      report(path, 'the name of one topic: patterns are not read', 'a pattern', 'each topic by its name');
    else report(path, 'the name of a topic', flaw, 'letters, digits, ., _ and -, at most 249');
  }
  if (durationMs(rebalanceTimeout) < durationMs(sessionTimeout)) {
    report(
      ['rebalanceTimeout'],
      'no less than sessionTimeout',
      rebalanceTimeout,
      `rebalanceTimeout: ${sessionTimeout}`,
    );
  }
}
