import type { AddressGrammar } from '#contract/bus.ts';
import { levelCodec } from '#kit/level-codec.ts';

export const WILDCARDS = { one: '+', levels: '#' } as const;

export const addresses: AddressGrammar = {
  word: 'address',
  separator: '/',
  wildcards: WILDCARDS,
  encoding: '/, + and # are percent-encoded, and decoded where a level is read',
  ...levelCodec({ escape: '%', refused: /[/+#]/, hasEmpty: false }),
  flaw(address) {
    if (/^$|^\/|\/$|\/\//.test(address)) return 'an empty level';
    return /[+#]/.test(address) ? 'a wildcard' : undefined;
  },
};
