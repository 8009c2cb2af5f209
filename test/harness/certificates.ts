import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pathOf } from './provide.ts';
import { temporaryFolder } from './temporary-folder.ts';

const run = promisify(execFile);

/** Paths of PEM files. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** What a test of TLS needs; gone with its handle. */
export interface Certificates extends Disposable {
  readonly ca: string;
  /** For localhost and 127.0.0.1. */
  readonly server: KeyPair;
  /** CN `bridge`, e-mail `bridge@test`. */
  readonly client: KeyPair;
  /** As the client's, but of a CA that nobody knows. */
  readonly stranger: KeyPair;
  /** That other CA. */
  readonly strangerCa: string;
}

/** Makes them with `openssl`; declare the need `openssl`. */
export async function certificates(): Promise<Certificates> {
  const openssl = await pathOf('openssl');
  const folder = temporaryFolder('certificates');
  const at = (name: string): string => join(folder.path, name);
  // A configuration of our own: the machine's may be absent or add extensions.
  writeFileSync(at('openssl.cnf'), '[req]\ndistinguished_name = dn\n[dn]\n');
  const make = async (
    name: string,
    subject: string,
    extensions: readonly string[],
    signer?: string,
  ): Promise<KeyPair> => {
    const pair = { cert: at(`${name}.pem`), key: at(`${name}.key`) };
    const signed = signer === undefined ? [] : ['-CA', at(`${signer}.pem`), '-CAkey', at(`${signer}.key`)];
    const args = [
      'req',
      '-x509',
      '-config',
      at('openssl.cnf'),
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
    ];
    args.push('-nodes', '-days', '2', '-subj', subject, '-keyout', pair.key, '-out', pair.cert, ...signed);
    for (const extension of extensions) args.push('-addext', extension);
    await run(openssl, args);
    return pair;
  };
  const authority = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
  const client = ['subjectAltName=email:bridge@test', 'extendedKeyUsage=clientAuth'];
  const server = ['subjectAltName=DNS:localhost,IP:127.0.0.1', 'extendedKeyUsage=serverAuth'];
  const [ca, strangerCa] = await Promise.all([
    make('ca', '/CN=Sluice test CA', authority),
    make('stranger-ca', '/CN=Another CA', authority),
  ]);
  const [serverPair, clientPair, strangerPair] = await Promise.all([
    make('server', '/CN=localhost', server, 'ca'),
    make('client', '/CN=bridge', client, 'ca'),
    make('stranger', '/CN=bridge', client, 'stranger-ca'),
  ]);
  return {
    ca: ca.cert,
    strangerCa: strangerCa.cert,
    server: serverPair,
    client: clientPair,
    stranger: strangerPair,
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}
