import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Certificates, certificates } from '../harness/certificates.ts';
import type { ServerTls } from '../harness/nats.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';

/** Files that servers and a bridge name, and that are renewed under the same names. */
export interface LiveCertificates extends Disposable {
  readonly server: ServerTls;
  /** The words `tls` of a connection. */
  readonly bridge: { readonly ca: string; readonly cert: string; readonly key: string };
  /** Another authority and all that it signs: what a server shows and asks for once it is started again. */
  renewServer(): void;
  renewBridge(): void;
}

/** Made with `openssl`; declare the need `openssl`. */
export async function liveCertificates(): Promise<LiveCertificates> {
  const stack = new DisposableStack();
  const [first, second] = await Promise.all([certificates(), certificates()]);
  for (const made of [first, second]) stack.use(made);
  const folder = stack.use(temporaryFolder('live'));
  const at = (name: string): string => join(folder.path, name);
  const server = { cert: at('server.pem'), key: at('server.key'), clientCa: at('client-ca.pem') };
  const bridge = { ca: at('ca.pem'), cert: at('client.pem'), key: at('client.key') };
  const installServer = (made: Certificates): void => {
    copyFileSync(made.server.cert, server.cert);
    copyFileSync(made.server.key, server.key);
    copyFileSync(made.ca, server.clientCa);
  };
  const installBridge = (made: Certificates): void => {
    copyFileSync(made.ca, bridge.ca);
    copyFileSync(made.client.cert, bridge.cert);
    copyFileSync(made.client.key, bridge.key);
  };
  installServer(first);
  installBridge(first);
  return {
    server,
    bridge: { ca: `file:${bridge.ca}`, cert: `file:${bridge.cert}`, key: `file:${bridge.key}` },
    renewServer: () => installServer(second),
    renewBridge: () => installBridge(second),
    [Symbol.dispose]: () => stack.dispose(),
  };
}
