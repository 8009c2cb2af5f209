import type { AccessBroker, AccessComparison } from '#contract/access.ts';
import { harmless } from '#kit/printable.ts';
import { asSluiceError } from '#contract/errors.ts';
import { catalog } from '../host/catalog.ts';
import { type AccessPlan, accessPlans } from '../host/access.ts';
import { findingsText, withoutNotices } from '../project/check/findings-text.ts';
import type { PipelineSpec } from '../project/pipeline-spec.ts';
import { withinDeadline } from './check-deadline.ts';
import { missingReferences, type NeededReferences } from './acl-references.ts';
import { readPipeline } from './checked-pipeline.ts';
import { type Command, UsageError } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { jsonLine } from './output.ts';

export const acl: Command = {
  usage: 'PIPELINE (--for BROKER | --check URL) [--connection NAME] [--json]',
  help: {
    '--for BROKER': 'print the configuration of a broker with the rights that the routes need, and no others',
    '--check URL':
      'compare a running broker with what the routes need; exit code 4 where it gives too much or too little',
    '--connection NAME': 'of several clusters of that broker, the one that this connection leads to',
    '--json': 'with --check: print one JSON object instead of text',
  },
  examples: [
    ['pipelines/orders.yaml --for mosquitto', "prints what goes into mosquitto's configuration"],
    ['pipelines/orders.yaml --check nats://admin@127.0.0.1:4222', 'compares a running server'],
  ],
  options: {
    for: { type: 'string' },
    check: { type: 'string' },
    connection: { type: 'string' },
    json: { type: 'boolean' },
  },
  choices: { for: ['mosquitto', 'nats', 'kafka', 'rabbitmq'] },
  words: 1,
  async run({ positionals, values }) {
    const file = positionals[0] ?? '';
    const { for: name, check, connection } = values;
    if ((typeof name === 'string') === (typeof check === 'string'))
      throw new UsageError('expected either --for BROKER or --check URL');
    const url = typeof check === 'string' ? checkedUrl(check) : undefined;
    const isJson = values['json'] === true;
    // Which of the missing references matter depends on the broker.
    const { spec, findings } = await withinDeadline(
      file,
      { output: 'stderr', isJson },
      () => readPipeline(file, 'check').result,
    );
    if (spec === undefined) {
      process.stderr.write(findingsText(withoutNotices(findings)));
      return EXIT.invalid;
    }
    const known = await brokers();
    const isWanted = ({ name: own, schemes }: AccessBroker): boolean =>
      url === undefined ? own === name : schemes.includes(schemeOf(url));
    if (!known.some(isWanted)) throw new UsageError(unknownBroker(known, name, url));
    const missing = missingReferences(findings, {
      connections: await connectionsOf(spec, isWanted),
      connects: connectsTo(url),
    });
    if (missing.length > 0) {
      process.stderr.write(findingsText(missing));
      return EXIT.invalid;
    }
    const plan = await chosenPlan(spec, isWanted, typeof connection === 'string' ? connection : undefined);
    if (url === undefined) {
      process.stdout.write(plan.broker.write(plan.users, spec.name));
      return EXIT.fine;
    }
    return comparison(plan, url, isJson);
  },
};

/** Connections of the pipeline file that lead to such a broker. */
async function connectionsOf(
  spec: PipelineSpec,
  isWanted: (broker: AccessBroker) => boolean,
): Promise<ReadonlySet<string>> {
  const found = await Promise.all(
    [...spec.connections.values()].map(async ({ name, bus }) => {
      const access = await catalog.buses.get(bus)?.access?.();
      return access !== undefined && isWanted(access.broker) ? [name] : [];
    }),
  );
  return new Set(found.flat());
}

/** An identity in the URL stands in place of that of the pipeline; the management API takes an administrator's alone. */
function connectsTo(url: URL | undefined): NeededReferences['connects'] {
  if (url === undefined || url.protocol === 'file:') return undefined;
  return url.username !== '' || /^https?:$/.test(url.protocol) ? 'with-tls' : 'as-pipeline';
}

const schemeOf = (url: URL): string => url.protocol.slice(0, -1);

function checkedUrl(text: string): URL {
  if (!URL.canParse(text)) throw new UsageError('expected a URL behind --check, such as nats://HOST:4222');
  return new URL(text);
}

function unknownBroker(known: readonly AccessBroker[], name: unknown, url: URL | undefined): string {
  if (url === undefined) return `expected --for ${known.map((one) => one.name).join(', ')}, found ${String(name)}`;
  const schemes = known.flatMap((one) => one.schemes.map((scheme) => `${scheme}://`));
  return `expected a URL of ${schemes.join(', ')} behind --check, found ${schemeOf(url)}://`;
}

/** The brokers of this version. */
async function brokers(): Promise<readonly AccessBroker[]> {
  const all = await Promise.all([...catalog.buses.values()].map(async (bus) => await bus.access?.()));
  return [...new Set(all.flatMap((access) => (access === undefined ? [] : [access.broker])))];
}

async function chosenPlan(
  spec: PipelineSpec,
  isWanted: (broker: AccessBroker) => boolean,
  connection: string | undefined,
): Promise<AccessPlan> {
  const all = (await accessPlans(spec, catalog)).filter(({ broker }) => isWanted(broker));
  const plans = all.filter(({ connections }) => connection === undefined || connections.includes(connection));
  const [plan] = plans;
  if (plan === undefined) {
    const found = [...spec.connections.values()].map(({ name, bus }) => `${name} (${bus})`).join(', ');
    throw new UsageError(`no route of ${spec.name} uses such a connection; it has ${found}`);
  }
  if (plans.length === 1) return plan;
  const choices = plans.map(({ connections, servers }) => `${connections.join(', ')} at ${servers.join(', ')}`);
  throw new UsageError(`the pipeline uses several of them: choose by --connection (${choices.join('; ')})`);
}

async function comparison({ broker, users }: AccessPlan, url: URL, isJson: boolean): Promise<ExitCode> {
  let found: AccessComparison;
  try {
    found = await broker.compare(url, users);
  } catch (thrown) {
    const { code, message } = asSluiceError(thrown, 'BUS_UNREACHABLE');
    process.stderr.write(`sluice: ${code} ${message}\n`);
    return EXIT.environment;
  }
  process.stdout.write(
    isJson ? jsonLine('acl', { ok: found.differences.length === 0, ...found }) : comparisonText(found),
  );
  return found.differences.length === 0 ? EXIT.fine : EXIT.convicted;
}

function comparisonText({ differences, looked, unseen }: AccessComparison): string {
  const lines = differences.map(
    ({ kind, user, right, by }) => `${kind.padEnd(8)}  ${user}: ${harmless(right)} (${by})`,
  );
  const count = (kind: string): number => differences.filter((one) => one.kind === kind).length;
  const sum = `${looked} looked at, ${count('too much')} too much, ${count('missing')} missing`;
  return `${[...lines, sum, ...unseen.map((line) => `not seen: ${harmless(line)}`)].join('\n')}\n`;
}
