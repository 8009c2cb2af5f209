import type { LineWriter } from '../../support/doctor-checks.ts';

const SYNC = /^[^#\n]*?\bsync(?:_interval)?\s*[:=\s]\s*["']?([\w.]+)["']?/m;

/** The setting of nats-server.conf that decides what a power cut loses. */
export function judgeSyncInterval(say: LineWriter, config: string | undefined, connection: string): void {
  const right = 'jetstream { sync_interval: always }';
  if (config === undefined) {
    const write = `--config ${connection}=/etc/nats/nats-server.conf, which shows it; against power cuts ${right}`;
    return say.unknown('SYNC_INTERVAL', '', 'no client is told of it; by default 2 minutes', write);
  }
  const found = SYNC.exec(config)?.[1];
  if (found === 'always')
    return say.ok('SYNC_INTERVAL', '', 'always: every message is on the disk when it is confirmed');
  const text = `sync_interval ${found ?? 'is 2 minutes by default'}: a power cut loses what was confirmed since the last sync`;
  say.warning('SYNC_INTERVAL', '', text, `${right} in nats-server.conf, or replicas on several machines`);
}
