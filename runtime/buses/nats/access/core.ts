import type { AccessOptions, AccessPlace, BusAccess, Needs, Right } from '#contract/access.ts';
import type { CoreFrom, CoreTo } from '../core/options.ts';
import type { NatsConnectionOptions } from '../options.ts';
import { broker } from './broker.ts';
import { filtersOfAll } from './filters.ts';
import { identityOf, inboxOf } from './identity.ts';

/** The rights of core NATS. */
export const access: BusAccess<NatsConnectionOptions, CoreFrom, CoreTo> = {
  broker,
  identity: identityOf,
  source,
  sink,
};

function source({ connection, end }: AccessOptions<NatsConnectionOptions, CoreFrom>): Needs {
  const { queue } = end;
  const rights: Right[] = end.subjects.map((subject) => ({
    operation: 'subscribe',
    // The server's notation of a subscription that joins this queue group, and no other one.
    on: queue === undefined ? subject : `${subject} ${queue}`,
    why: 'its subjects',
  }));
  const inbox = inboxOf(connection);
  // Without it the source sends a PING instead, and a right to the inboxes of all clients is worth more than the difference.
  if (inbox.isOwn) {
    const why = 'a message to itself while none arrives';
    rights.push({ operation: 'publish', on: inbox.subjects, why }, { operation: 'subscribe', on: inbox.subjects, why });
  }
  return { rights, notes: [] };
}

function sink(_options: AccessOptions<NatsConnectionOptions, CoreTo>, { addresses }: AccessPlace): Needs {
  return {
    rights: filtersOfAll(addresses).map((on) => ({ operation: 'publish', on, why: 'its subjects' })),
    notes: [],
  };
}
