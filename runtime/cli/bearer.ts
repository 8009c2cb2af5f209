import { readToken } from '../admin/guarded-token.ts';

/** The header for an admin port, by the token of the file or of SLUICE_ADMIN_TOKEN; none where neither is given. Throws ADMIN_TOKEN. */
export function bearerHeaders(tokenFile: string | undefined): Readonly<Record<string, string>> {
  const token = readToken(tokenFile, process.env);
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}
