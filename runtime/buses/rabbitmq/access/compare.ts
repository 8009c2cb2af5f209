import { randomBytes } from 'node:crypto';
import type { AccessUser, AccessComparison, AccessDifference } from '#contract/access.ts';
import { messageOf, SluiceError } from '#contract/errors.ts';
import { asList, asMap, own } from '#kit/json-value.ts';
import { askManagement } from '../management.ts';
import type { RabbitConnection } from '../options.ts';
import { OPERATIONS, tagsOf, type WantedPermissions, wantedOf } from './wanted.ts';

const BY = 'listed by the server';

type Ask = (path: string) => Promise<unknown>;

/** The management API lists the permissions of every user to an administrator, whose identity is in the URL. */
export async function compare(url: URL, users: readonly AccessUser[]): Promise<AccessComparison> {
  const found: AccessDifference[] = [];
  const unseen = new Set<string>();
  let looked = 0;
  for (const user of users) {
    const ask: Ask = async (path) => {
      try {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the checker validated it against this driver's schema
        return await askManagement(url.href, path, user.connection as RabbitConnection);
      } catch (thrown) {
        const why = messageOf(thrown);
        const code = /status 40[13]/.test(why) ? 'BUS_AUTH' : 'BUS_UNREACHABLE';
        const text = `${url.protocol}//${url.host}${path}: ${why}; the URL needs an administrator, http://USER:PASSWORD@HOST:15672`;
        throw new SluiceError(code, text, { cause: thrown });
      }
    };
    const path = `/api/users/${encodeURIComponent(user.name)}`;
    const tooMuch = (right: string): void => void found.push({ user: user.name, kind: 'too much', right, by: BY });
    const missing = (right: string): void => void found.push({ user: user.name, kind: 'missing', right, by: BY });
    const known = await ask(path).catch(unlessMissing);
    if (known === undefined) {
      missing('everything: there is no such user');
      continue;
    }
    const given = textsOf(own(asMap(known), 'tags'));
    const tags = tagsOf(user);
    for (const tag of given) if (!tags.includes(tag)) tooMuch(`tag ${tag}`);
    for (const tag of tags) if (!given.includes(tag)) missing(`tag ${tag}`);
    const wanted = wantedOf(user);
    const permissions = asList(await ask(`${path}/permissions`)).map(asMap);
    const topics = asList(await ask(`${path}/topic-permissions`)).map(asMap);
    looked += given.length + 3 * permissions.length + 2 * topics.length;
    for (const permission of permissions) {
      const vhost = String(own(permission, 'vhost'));
      if (!wanted.some((one) => one.vhost === vhost)) tooMuch(`everything that a user may do in virtual host ${vhost}`);
    }
    for (const one of wanted) {
      const { vhost, names } = one;
      const permission = permissions.find((each) => own(each, 'vhost') === vhost);
      if (permission === undefined) {
        missing(`anything in virtual host ${vhost}`);
        continue;
      }
      const existing = await namesIn(ask, vhost);
      for (const operation of OPERATIONS) {
        const text = String(own(permission, operation));
        const verdict = judge(text, names[operation], existing, around(one.examples(operation)));
        for (const name of verdict.tooMany) tooMuch(`${operation} ${name} in ${vhost}, by ${text}`);
        if (verdict.tooFew) missing(`${operation} ${names[operation]} in ${vhost}, found ${text}`);
        if (verdict.isUnclear)
          unseen.add(
            `${operation} in ${vhost} is ${text} in place of ${names[operation]}: no name that is there now shows a difference.`,
          );
      }
      for (const [exchange, keys] of one.topics) {
        const entry = topics.find((each) => own(each, 'vhost') === vhost && own(each, 'exchange') === exchange);
        for (const operation of ['write', 'read'] as const) {
          const text = entry === undefined ? undefined : String(own(entry, operation));
          const wants = keys[operation];
          const right = `${operation} routing keys of topic exchange ${exchange} in ${vhost}: ${text ?? 'all'} in place of ${wants}`;
          // Without an entry any key may be used.
          const verdict = judge(text ?? '.*', wants, [], around(one.examples(operation, exchange)));
          if (verdict.tooMany.length > 0) tooMuch(right);
          if (verdict.tooFew) missing(right);
          if (verdict.isUnclear) unseen.add(`${right}: no key that was tried shows a difference.`);
        }
      }
    }
  }
  return { differences: found, looked, unseen: [...unseen] };
}

/** RabbitMQ writes tags as a list, before 3.9 as text with commas. */
function textsOf(tags: unknown): readonly string[] {
  return (typeof tags === 'string' ? tags.split(',') : asList(tags).map(String)).filter((tag) => tag !== '');
}

async function namesIn(ask: Ask, vhost: WantedPermissions['vhost']): Promise<readonly string[]> {
  const lists = ['queues', 'exchanges'].map((kind) => ask(`/api/${kind}/${encodeURIComponent(vhost)}?columns=name`));
  const names = (await Promise.all(lists)).flatMap((list) =>
    asList(list).map((item) => String(own(asMap(item), 'name'))),
  );
  // The default exchange has no name, and the server checks it under this one.
  return names.map((name) => (name === '' ? 'amq.default' : name));
}

interface Verdict {
  readonly tooMany: readonly string[];
  readonly tooFew: boolean;
  readonly isUnclear: boolean;
}

/** Expressions cannot be compared in general: the names that exist, one of nobody, and some that were made show the difference. */
function judge(given: string, wanted: string, existing: readonly string[], made: readonly string[]): Verdict {
  if (given === wanted) return { tooMany: [], tooFew: false, isUnclear: false };
  const nobody = `sluice-acl-${randomBytes(6).toString('hex')}`;
  const matches = matcher(given);
  const wants = matcher(wanted);
  if (matches === undefined || wants === undefined) return { tooMany: [], tooFew: false, isUnclear: true };
  const isTooMuch = (name: string): boolean => matches(name) && !wants(name);
  const found = existing.filter(isTooMuch);
  const like = made.filter(isTooMuch).slice(0, found.length === 0 ? 1 : 0);
  const tooMany = matches(nobody) ? ['any name'] : [...found, ...like.map((name) => `names such as ${name}`)];
  const tooFew = [...existing, ...made].some((name) => wants(name) && !matches(name));
  return { tooMany, tooFew, isUnclear: tooMany.length === 0 && !tooFew };
}

/** Names and routing keys that are wanted, and neighbours that are not: what an expression without its anchors matches too. */
function around(examples: readonly string[]): readonly string[] {
  const word = 'sluice-acl';
  return examples.flatMap((like) => {
    const [first = ''] = like.split('.');
    const half = like.slice(0, Math.ceil(like.length / 2));
    const near = [`${first}.${word}`, `${like}.${word}`, `${word}.${like}`, `${like}-${word}`, `${word}-${like}`];
    return [like, first, `${half}-${word}`, ...near];
  });
}

function unlessMissing(thrown: unknown): undefined {
  if (!/status 404/.test(messageOf(thrown))) throw thrown;
}

/** What PCRE has and JavaScript has not, or reads as something else. */
const OF_PCRE = /\\[AzZGQEHhKRXNpPvVC]|\(\?(?![:=!<])|\(\?<(?![=!])|[*+?}]\+|\[\[:/;

/** Undefined for an expression that only the server can read. */
function matcher(text: string): ((name: string) => boolean) | undefined {
  if (OF_PCRE.test(text)) return undefined;
  try {
    const expression = new RegExp(text);
    // To the server an empty expression matches nothing.
    return (name) => text !== '' && expression.test(name);
  } catch {
    return undefined;
  }
}
