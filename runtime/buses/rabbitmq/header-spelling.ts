import { CONTENT_TYPE } from '#contract/carried-headers.ts';
import type { Spelling } from '#contract/carried-headers.ts';
import { hasValue } from './header-values.ts';
import { DELIVERY_HEADERS, CONTROL_HEADERS } from './property-headers.ts';
import { isShort } from './routing-key.ts';

/** Written as properties, which hold text only. */
const FIELDS: ReadonlySet<string> = new Set(['msgid', CONTENT_TYPE]);

/**
 * Names are short strings, values have any type. Not spelled: headers that the server acts on or writes itself, headers that
 * the client cannot read back, and, to a stream, all but single values (it drops lists and tables silently, measured on 3.10).
 */
export function headerSpelling(isStream: boolean): Spelling {
  return {
    bus: 'RabbitMQ',
    canSpell(name, values, types) {
      if (name === '' || name === '__proto__' || !isShort(name) || !name.isWellFormed()) return false;
      if (CONTROL_HEADERS.has(name) || DELIVERY_HEADERS.has(name)) return false;
      if (FIELDS.has(name) && !values.every((value) => value.isWellFormed())) return false;
      if (isStream && (values.length !== 1 || types?.includes('json') === true)) return false;
      return types === undefined || values.every((text, at) => hasValue({ text, type: types[at] ?? 'text' }));
    },
  };
}
