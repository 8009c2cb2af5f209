import type { OptionFlaw } from '#contract/bus.ts';
import { durationMs } from '#kit/quantity.ts';
import { startTimeFlaws } from '../support/start-time.ts';
import type { KafkaConnection, KafkaFrom, KafkaTo } from './options.ts';
import { brokerFlaw } from './seed-broker.ts';
import { topicNames } from './topics.ts';

type Say = (path: readonly string[], expected: string, found: string, write: string) => void;

/** What no schema can say of the options. */
export function flaws(connection: KafkaConnection, end: { from: KafkaFrom } | { to: KafkaTo }): readonly OptionFlaw[] {
  const found: OptionFlaw[] = [];
  const say =
    (where: OptionFlaw['where']): Say =>
    (path, expected, seen, write) =>
      found.push({ where, path, expected, found: seen, write });
  brokerFlaws(connection, say('connection'));
  identityFlaws(connection, say('connection'));
  if ('from' in end) {
    sourceFlaws(end.from, say('end'));
    found.push(...startTimeFlaws(end.from.start));
  }
  return found;
}

function brokerFlaws({ brokers }: KafkaConnection, say: Say): void {
  for (const [index, broker] of brokers.entries()) {
    const flaw = brokerFlaw(broker);
    if (flaw !== undefined) say(['brokers', String(index)], flaw.expected, flaw.found, 'HOST:9092 or "[::1]:9092"');
  }
}

function identityFlaws({ sasl, tls }: KafkaConnection, say: Say): void {
  if ((tls?.cert === undefined) !== (tls?.key === undefined)) {
    const missing = tls?.cert === undefined ? 'cert' : 'key';
    say(['tls', missing], 'cert and key together', `no ${missing}`, `tls: { ${missing}: "file:client.${missing}" }`);
  }
  if (sasl === undefined) return;
  const { mechanism, username, password, token, tokenFile } = sasl;
  const needs = (name: string, write: string): void =>
    say(['sasl', name], `${name} with mechanism ${mechanism}`, 'none', `${name}: ${write}`);
  const hasNoUse = (name: string): void =>
    say(['sasl', name], `no ${name} with mechanism ${mechanism}`, name, `mechanism ${mechanism} without ${name}`);
  if (mechanism === 'oauthbearer') {
    if (username !== undefined) hasNoUse('username');
    if (password !== undefined) hasNoUse('password');
    if (token === undefined && tokenFile === undefined) needs('tokenFile', 'PATH');
    if (token !== undefined && tokenFile !== undefined) {
      say(['sasl', 'token'], 'token or tokenFile', 'both', 'tokenFile: PATH alone');
    }
    return;
  }
  if (username === undefined) needs('username', 'NAME');
  if (password === undefined) needs('password', 'env:NAME');
  if (token !== undefined) hasNoUse('token');
  if (tokenFile !== undefined) hasNoUse('tokenFile');
}

function sourceFlaws({ topics, sessionTimeout, rebalanceTimeout }: KafkaFrom, say: Say): void {
  for (const [index, topic] of topics.entries()) {
    const flaw = topicNames.flaw(topic);
    if (flaw === undefined) continue;
    const path = ['topics', String(index)];
    if (/[*+?^$|()[\]\\]/.test(topic))
      say(path, 'the name of one topic: patterns are not read', 'a pattern', 'each topic by its name');
    else say(path, 'the name of a topic', flaw, 'letters, digits, ., _ and -, at most 249');
  }
  if (durationMs(rebalanceTimeout) < durationMs(sessionTimeout)) {
    say(['rebalanceTimeout'], 'no less than sessionTimeout', rebalanceTimeout, `rebalanceTimeout: ${sessionTimeout}`);
  }
}
