const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token for OAUTHBEARER that nobody signed, as `startKafka` takes it. Negative lifetimes make expired ones. */
export function unsecuredToken(subject: string, lifetimeMs = 3_600_000): string {
  const nowS = Date.now() / 1000;
  const claims = { sub: subject, iat: nowS - 3600, exp: nowS + lifetimeMs / 1000 };
  return `${part({ alg: 'none' })}.${part(claims)}.`;
}
