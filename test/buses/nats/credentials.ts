import { nkeys } from '@nats-io/transport-node';

type KeyPair = ReturnType<typeof nkeys.createUser>;

const utf8 = new TextEncoder();
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A NATS JWT, version 2: claims of `subject`, signed by `issuer`. */
function jwt(issuer: KeyPair, subject: KeyPair, type: string, claims: object): string {
  const head = part({ typ: 'JWT', alg: 'ed25519-nkey' });
  const body = part({
    jti: subject.getPublicKey(),
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    sub: subject.getPublicKey(),
    name: type,
    nats: { ...claims, type, version: 2 },
  });
  return `${head}.${body}.${Buffer.from(issuer.sign(utf8.encode(`${head}.${body}`))).toString('base64url')}`;
}

/** A server's configuration that trusts one operator with one account, and the credentials file of a user of it. */
export function credentials(): { readonly config: string; readonly creds: string } {
  const [operator, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createUser()];
  const unlimited = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const accountJwt = jwt(operator, account, 'account', {
    limits: unlimited,
    default_permissions: { pub: {}, sub: {} },
  });
  const userJwt = jwt(account, user, 'user', { pub: {}, sub: {}, subs: -1, data: -1, payload: -1 });
  const seed = new TextDecoder().decode(user.getSeed());
  return {
    config: [
      `operator: ${jwt(operator, operator, 'operator', {})}`,
      'resolver: MEMORY',
      `resolver_preload: { ${account.getPublicKey()}: ${accountJwt} }`,
    ].join('\n'),
    creds: [
      `-----BEGIN NATS USER JWT-----\n${userJwt}\n------END NATS USER JWT------`,
      `-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`,
    ].join('\n\n'),
  };
}
