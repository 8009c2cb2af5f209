import { connect } from '@nats-io/transport-node';
import { KEYS, report } from './work.ts';

/** Publishes on core NATS as fast as the bridge answers: at most `ahead` messages more than came out. */
export async function pourCore(url: string, name: string, count: number, ahead = 1024): Promise<void> {
  const connection = await connect({ servers: url, noAsyncTraces: true });
  let seen = 0;
  let sent = 0;
  const pour = (): void => {
    while (sent < count && sent - seen < ahead) {
      connection.publish(`core.in.${name}.${sent % KEYS}`, report(sent));
      sent += 1;
    }
  };
  await new Promise<void>((resolve) => {
    connection.subscribe(`core.out.${name}.*`, {
      callback() {
        seen += 1;
        if (seen === count) resolve();
        else if (seen % 128 === 0) pour();
      },
    });
    pour();
  });
  await connection.close();
}
