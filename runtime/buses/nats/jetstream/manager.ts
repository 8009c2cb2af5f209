import type { JetStreamManager } from '../client/library.ts';
import type { Link } from '../client/link.ts';

const TIMEOUT_MS = 5000;

/** JetStream's API over the present connection of the link. Each request has a deadline of 5 s. */
export async function managerOf(link: Link): Promise<JetStreamManager> {
  const { jetstreamManager } = await import('../client/library.ts');
  if (link.connection === undefined) throw link.error('BUS_UNREACHABLE', 'not connected');
  return jetstreamManager(link.connection, { timeout: TIMEOUT_MS, checkAPI: false });
}
