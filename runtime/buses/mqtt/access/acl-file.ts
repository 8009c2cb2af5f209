import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AccessUser, AccessComparison, AccessDifference } from '#contract/access.ts';
import { messageOf, SluiceError } from '#contract/errors.ts';
import { covers, meets } from '#kit/address-pattern.ts';
import { topicPattern } from '../topics.ts';

interface Line {
  readonly operation: 'read' | 'write' | 'deny';
  readonly filter: string;
}

const BY = 'listed in the file';
/** By the word of the file; without one it is `readwrite`. */
const OPERATIONS: Readonly<Record<string, readonly Line['operation'][]>> = {
  read: ['read'],
  write: ['write'],
  readwrite: ['read', 'write'],
  deny: ['deny'],
};
const ACCESS = /^(topic|pattern)\s+(?:(read|write|readwrite|deny)\s+)?(.+)$/;

/** Compares the ACL file that a mosquitto reads. Rejects with BUS_FILE where it cannot be read. */
export async function compareFile(url: URL, users: readonly AccessUser[]): Promise<AccessComparison> {
  let text: string;
  try {
    text = readFileSync(fileURLToPath(url), 'utf8');
  } catch (thrown) {
    throw new SluiceError('BUS_FILE', messageOf(thrown), { cause: thrown });
  }
  const compared = users.map((user) => differencesOf(user, linesOf(text, user.name)));
  return {
    differences: compared.flatMap(({ differences }) => differences),
    looked: compared.reduce((sum, { looked }) => sum + looked, 0),
    unseen: ['Whether the server has read the file since it was written, and plugins that grant more.'],
  };
}

/** What the file says of a user. Topics before the first user are those of clients without a name. */
function linesOf(text: string, user: string): readonly Line[] {
  let current: string | undefined;
  return text.split('\n').flatMap((raw): Line[] => {
    const line = raw.trim();
    const named = /^user\s+(.+)$/.exec(line)?.[1];
    if (named !== undefined) current = named;
    const [, word, access = 'readwrite', topic = ''] = ACCESS.exec(line) ?? [];
    if (word === undefined || (word === 'topic' && current !== user)) return [];
    // A pattern holds for every user. The server puts the client id in place of %c: any level.
    const filter =
      word === 'pattern'
        ? topic
            .replaceAll('%u', user)
            .split('/')
            .map((level) => (level.includes('%c') ? '+' : level))
            .join('/')
        : topic;
    return (OPERATIONS[access] ?? []).map((operation) => ({ operation, filter }));
  });
}

function isWithin(narrow: string, wide: string): boolean {
  return covers(topicPattern(wide), topicPattern(narrow), '$');
}

function differencesOf(
  { name, rights }: AccessUser,
  lines: readonly Line[],
): { readonly differences: readonly AccessDifference[]; readonly looked: number } {
  const allowed = lines.filter(({ operation }) => operation !== 'deny');
  const denied = lines.filter(({ operation }) => operation === 'deny');
  const tooMuch = allowed
    .filter((line) => !rights.some(({ operation, on }) => operation === line.operation && isWithin(line.filter, on)))
    .map(({ operation, filter }): AccessDifference => ({
      user: name,
      kind: 'too much',
      right: `${operation} ${filter}`,
      by: BY,
    }));
  const missing = rights
    .filter(
      ({ operation, on }) =>
        !allowed.some((line) => line.operation === operation && isWithin(on, line.filter)) ||
        // A part of what is needed is enough.
        denied.some(({ filter }) => meets(topicPattern(filter), topicPattern(on), '$')),
    )
    .map(({ operation, on }): AccessDifference => ({
      user: name,
      kind: 'missing',
      right: `${operation} ${on}`,
      by: BY,
    }));
  return { differences: [...tooMuch, ...missing], looked: lines.length };
}
