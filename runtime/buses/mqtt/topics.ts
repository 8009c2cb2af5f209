import type { AddressGrammar } from '#contract/bus.ts';
import { type AddressPattern, patternOf } from '#kit/address-pattern.ts';
import { levelCodec } from '#kit/level-codec.ts';
import { textFlaw, UNWIRABLE } from './wire-text.ts';

const IN_A_LEVEL = new RegExp(`[/+#]|${UNWIRABLE.source}`, 'u');
const WILDCARD = /[+#]/;
/** The server's statistics, and the prefix of shared subscriptions: no client may publish there. */
const RESERVED = /^\$(SYS|share)(\/|$)/;

/** mosquitto ends the connection over a topic with more levels, and would do so at each retry. */
const MAX_LEVELS = 200;

/** A leading wildcard does not match a topic that begins with $ [MQTT-4.7.2-1]. */
const codec = levelCodec({ escape: '%', refused: IN_A_LEVEL, refusedFirst: '$', hasEmpty: true });

/** Topics to publish to. */
export const topicGrammar: AddressGrammar = {
  word: 'topic',
  separator: '/',
  wildcards: { one: '+', levels: '#' },
  encoding:
    '/, +, #, control characters and a $ that begins the topic are percent-encoded, and decoded where a level is read',
  ...codec,
  inner: levelCodec({ escape: '%', refused: IN_A_LEVEL, hasEmpty: true }),
  hidden: '$',
  flaw(topic) {
    if (topic === '') return 'an empty topic';
    if (WILDCARD.test(topic)) return 'a wildcard, + or #';
    if (RESERVED.test(topic)) return 'a topic that belongs to the server, $SYS/ or $share/';
    if (topic.length >= MAX_LEVELS && topic.split('/').length > MAX_LEVELS) return `more than ${MAX_LEVELS} levels`;
    return textFlaw(topic);
  },
};

/** The pattern of a topic filter. */
export function topicPattern(filter: string): AddressPattern {
  return patternOf(filter, { separator: '/', one: '+', levels: '#' });
}

/** The fault of a topic filter, or undefined. */
export function filterFlaw(filter: string): string | undefined {
  if (filter === '') return 'an empty filter';
  if (filter === '$share' || filter.startsWith('$share/')) return 'a shared subscription spelled out';
  const levels = filter.split('/');
  for (const [index, level] of levels.entries()) {
    if (level.includes('#') && (level !== '#' || index !== levels.length - 1))
      return '# that is not a last level of its own';
    if (level.includes('+') && level !== '+') return '+ that is not a level of its own';
  }
  return textFlaw(filter);
}
