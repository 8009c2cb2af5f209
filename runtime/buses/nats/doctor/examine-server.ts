import type { Right } from '#contract/access.ts';
import type { ExaminedEnd } from '#contract/doctor.ts';
import { endName, judgeClock, judgeVersion, type LineWriter } from '../../support/doctor-checks.ts';
import { identityOf } from '../access/identity.ts';
import type { DoctorProbe } from '../client/doctor-probe.ts';
import type { NatsConnectionOptions } from '../options.ts';

const VERSIONS = { product: 'nats-server', oldest: '2.9', maintainedFrom: '2.11' };
/** A token that stands for a wildcard. */
const ANY = 'sluice-doctor';
/** Subjects named in one line. */
const MOST_NAMED = 4;

/** Version, identity and clock. */
export async function examineServer(
  say: LineWriter,
  probe: DoctorProbe,
  options: NatsConnectionOptions,
): Promise<void> {
  say.ok('REACHABLE', '', probe.shown);
  judgeVersion(say, probe.version, VERSIONS);
  const beforeMs = Date.now();
  const info = await probe.userInfo();
  const afterMs = Date.now();
  const name = info?.user ?? identityOf(options).name;
  const account = info?.account === undefined ? '' : `, account ${info.account}`;
  say.ok(
    'IDENTITY',
    '',
    `${name === undefined ? 'the server lets this client in without a name' : `user ${name}`}${account}`,
  );
  if (info?.serverMs !== undefined) judgeClock(say, { serverMs: info.serverMs, beforeMs, afterMs });
}

/** What the server allows of the rights of an end. */
export interface Allowed {
  readonly missing: readonly Right[];
  /** Not tried. */
  readonly untried: readonly Right[];
}

/** Tries the rights of all ends, a round trip for each kind. */
export async function tryRights(
  probe: DoctorProbe,
  ends: readonly ExaminedEnd[],
): Promise<ReadonlyMap<ExaminedEnd, Allowed>> {
  const rights = ends.flatMap((end) => end.rights);
  const publishes = new Set(rights.filter(({ operation }) => operation === 'publish').map(({ on }) => literal(on)));
  const subscriptions = new Set(rights.filter(isPlainSubscription).map(({ on }) => on));
  const deniedPublishes = publishes.size === 0 ? new Set<string>() : await probe.deniedPublishes([...publishes]);
  const deniedSubscriptions = await probe.deniedSubscriptions([...subscriptions]);
  const isUntried = (right: Right): boolean =>
    right.operation === 'publish' ? deniedPublishes === undefined : !isPlainSubscription(right);
  const isDenied = ({ operation, on }: Right): boolean =>
    operation === 'publish' ? deniedPublishes?.has(literal(on)) === true : deniedSubscriptions.has(on);
  return new Map(
    ends.map((end) => [
      end,
      {
        missing: end.rights.filter((right) => !isUntried(right) && isDenied(right)),
        untried: end.rights.filter(isUntried),
      },
    ]),
  );
}

/** In a queue group it would take messages from the other members. */
const isPlainSubscription = ({ operation, on }: Right): boolean => operation === 'subscribe' && !on.includes(' ');

/** A subject that the pattern matches. */
function literal(pattern: string): string {
  return pattern
    .split('.')
    .map((token) => (token === '*' || token === '>' ? ANY : token))
    .join('.');
}

function named(rights: readonly Right[]): string {
  const all = [...new Set(rights.map(({ operation, on }) => `${operation} ${on}`))];
  const more = all.length > MOST_NAMED ? ` and ${all.length - MOST_NAMED} more` : '';
  return `${all.slice(0, MOST_NAMED).join(', ')}${more}`;
}

export function judgeRights(say: LineWriter, end: ExaminedEnd, { missing, untried }: Allowed): void {
  const about = endName(end);
  if (missing.length > 0) {
    const write = 'the rights that `sluice acl PIPELINE --for nats` prints, in the configuration of the server';
    say.error('PERMISSION', about, `the server denies ${named(missing)}`, write);
  } else if (untried.length < end.rights.length) {
    const tried = end.rights.length - untried.length;
    say.ok('PERMISSION', about, `${tried} ${tried === 1 ? 'right' : 'rights'} tried, all given`);
  }
  if (untried.length > 0)
    say.unknown(
      'PERMISSION',
      about,
      `not tried: ${named(untried)}`,
      'sluice acl PIPELINE --check URL, as an administrator',
    );
}
