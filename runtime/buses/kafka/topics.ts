import type { AddressGrammar } from '#contract/bus.ts';
import { levelCodec } from '#kit/level-codec.ts';

const MAX_CHARACTERS = 249;
const IN_A_LEVEL = /[^A-Za-z0-9_-]/;
const LEGAL = /^[A-Za-z0-9._-]+$/;
/** Topics in which the servers keep their own state. */
const OWN = new Set(['__consumer_offsets', '__transaction_state', '__share_group_state', '__cluster_metadata']);

/** Whether a topic can come from the template: in the place of each placeholder there may be any text that `encode` makes. */
export function topicsOfTemplate(template: string): (topic: string) => boolean {
  const parts = template.split(/(\{\{|\}\}|\{[^{}]*\})/g).map((part) => {
    if (part === '{{' || part === '}}') return literal(part.slice(1));
    if (!part.startsWith('{')) return literal(part);
    return part.endsWith('+}') ? '[A-Za-z0-9._-]*' : '[A-Za-z0-9_-]*';
  });
  const pattern = new RegExp(`^${parts.join('')}$`);
  return (topic) => pattern.test(topic) && topicNames.flaw(topic) === undefined;
}

function literal(text: string): string {
  return text.replaceAll(/[^\w-]/g, String.raw`\$&`);
}

/** Names of topics. Kafka has no levels; dots separate them by convention. */
export const topicNames: AddressGrammar = {
  word: 'topic',
  separator: '.',
  encoding:
    'each byte (UTF-8) that is no letter, digit, _ or - becomes _ and two hex digits, nothing at all is written as _, and both are decoded where a level is read',
  ...levelCodec({ escape: '_', refused: IN_A_LEVEL, hasEmpty: false }),
  flaw(topic) {
    if (topic === '') return 'an empty topic';
    if (topic.length > MAX_CHARACTERS) return `more than ${MAX_CHARACTERS} characters`;
    if (!LEGAL.test(topic)) return 'a character other than letters, digits, ., _ and -';
    if (topic === '.' || topic === '..') return 'nothing but dots';
    return OWN.has(topic) ? "a topic of the server's own" : undefined;
  },
};
