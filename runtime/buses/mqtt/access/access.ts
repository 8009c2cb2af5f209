import type { AccessOptions, AccessPlace, BusAccess, Identity, Needs, Right } from '#contract/access.ts';
import type { AddressPattern } from '#contract/reach.ts';
import { LEVELS } from '#kit/address-pattern.ts';
import type { MqttConnection, MqttFrom, MqttTo } from '../options.ts';
import { broker } from './broker.ts';

/** The rights of MQTT: topics to read and to write. Subscribing, sessions and acknowledgements need none of their own. */
export const access: BusAccess<MqttConnection, MqttFrom, MqttTo> = { broker, identity, source, sink };

function identity({ url, username, tls }: MqttConnection): Identity {
  const inUrl = URL.canParse(url) ? decodeURIComponent(new URL(url).username) : '';
  const name = username ?? (inUrl === '' ? undefined : inUrl);
  if (name !== undefined) return { name, notes: [] };
  const note =
    tls?.cert === undefined
      ? 'the connection names no user: give it username and password'
      : 'a client certificate is a user by `use_identity_as_username` alone: write its common name behind `user`';
  return { name, secret: tls?.cert, notes: [note] };
}

function source({ end }: AccessOptions<MqttConnection, MqttFrom>): Needs {
  // A shared subscription is judged by its filter, without `$share` and the group.
  return needsOf(end.topics.map((on) => ({ operation: 'read', on, why: 'its topics' })));
}

function sink(_options: AccessOptions<MqttConnection, MqttTo>, { addresses }: AccessPlace): Needs {
  const filters = new Set(addresses.map(filterOf));
  return needsOf([...filters].map((on) => ({ operation: 'write', on, why: 'its topics' })));
}

/** The narrowest filter that matches every address of the pattern. A wildcard is a whole level. */
function filterOf(pattern: AddressPattern): string {
  const levels: string[] = [];
  for (const level of pattern) {
    if (level === LEVELS) return [...levels, '#'].join('/');
    levels.push(typeof level === 'string' ? level : '+');
  }
  return levels.join('/');
}

const isNamed = ({ on }: Right): boolean => !/^ | $/.test(on);

/** A line with blanks at the ends of its topic would grant another topic: it is left out. */
function needsOf(rights: readonly Right[]): Needs {
  return {
    rights: rights.filter(isNamed),
    notes: rights
      .filter((right) => !isNamed(right))
      .map(
        ({ operation, on }) =>
          `left out: ${operation} ${JSON.stringify(on)}. An ACL file drops the blanks at the ends of a topic, and the line would grant another one`,
      ),
  };
}
