import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { messageOf } from '#contract/errors.ts';
import { approverKey, grantOf, isGranted, keyText } from '../guards/approval.ts';
import type { Pending } from '../guards/approvals.ts';
import type { GuardSpec } from '../guards/guard-spec.ts';
import { PendingMessages } from '../host/pending-messages.ts';
import { findingsText } from '../project/check/findings-text.ts';
import type { PipelineSpec } from '../project/pipeline-spec.ts';
import { withinDeadline } from './check-deadline.ts';
import { readPipeline } from './checked-pipeline.ts';
import { digestOf } from '../guards/digest.ts';
import { type Arguments, type Command, UsageError } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { visible } from '#kit/printable.ts';
import { standardState } from './state-folder.ts';
import { printJson } from './output.ts';

export const approve: Command = {
  usage: 'PIPELINE [ID --as NAME --key FILE] [--state DIR] [--json]',
  help: {
    ID: 'the message to approve; without it, those that wait are listed, each with what would leave',
    '--as NAME': 'the principal, as approval: { by } of the guard names them',
    '--key FILE': 'the private key (Ed25519, PEM) of the principal',
    '--state DIR': 'the state folder of the running pipeline (default .sluice/NAME beside the project)',
    '--json': 'list as JSON, one object',
  },
  examples: [
    ['pipelines/orders.yaml', 'lists what waits'],
    ['pipelines/orders.yaml 12 --as alice --key alice.pem', 'approves one message'],
  ],
  options: { as: { type: 'string' }, key: { type: 'string' }, state: { type: 'string' }, json: { type: 'boolean' } },
  words: [1, 2],
  async run(given) {
    const [file = '', id] = given.positionals;
    const { result, project } = await withinDeadline(file, { output: 'stderr' }, () => readPipeline(file, 'check'));
    const { spec } = result;
    if (spec === undefined) {
      process.stderr.write(findingsText(result.findings.filter(({ severity }) => severity === 'error')));
      return EXIT.invalid;
    }
    const { state } = given.values;
    const folder = typeof state === 'string' ? state : standardState(project.folder, spec.name);
    return id === undefined ? list(spec, folder, given.values['json'] === true) : sign(spec, folder, id, given);
  },
};

function list(spec: PipelineSpec, folder: string, isJson: boolean): ExitCode {
  const all = [...spec.guards.values()].flatMap((guard) =>
    new PendingMessages(folder, guard.name).list(Date.now()).map((pending) => ({
      pending,
      by: approversIn(folder, guard, pending),
      flaw: flawOf(pending, { pipeline: spec.name, guard: guard.name }),
    })),
  );
  if (isJson) {
    const waiting = all.map(({ pending: { statement, body }, by, flaw }) => ({
      ...statement,
      body,
      signedBy: by,
      ...(flaw !== undefined && { flaw }),
    }));
    printJson('approve', { ok: true, folder, waiting });
    return EXIT.fine;
  }
  if (all.length === 0) process.stdout.write('No message waits for approval.\n');
  for (const { pending, by, flaw } of all) process.stdout.write(described(pending, by, flaw));
  return EXIT.fine;
}

/** Principals whose signature holds for what is listed. Whoever writes into the folder can write any name there. */
function approversIn(folder: string, guard: GuardSpec, { statement }: Pending): readonly string[] {
  const grants = new PendingMessages(folder, guard.name).grants(statement.id);
  return grants.flatMap((grant) => {
    const key = keyOf(guard, grant.as);
    return key !== undefined && isGranted(grant, statement, key) ? [grant.as] : [];
  });
}

/** Undefined where the guard has no such principal, or where the file of the key cannot be read here. */
function keyOf({ approval }: GuardSpec, as: string): KeyObject | undefined {
  const text = approval?.by.get(as);
  try {
    return text === undefined ? undefined : approverKey(text);
  } catch {
    return undefined;
  }
}

function described({ statement, body }: Pending, by: readonly string[], flaw: string | undefined): string {
  const { id, guard, from, to, expiresAtMs } = statement;
  return `${[
    id,
    `  guard    ${guard}`,
    `  from     ${from}`,
    `  to       ${to}`,
    `  until    ${new Date(expiresAtMs).toISOString()}`,
    `  signed   ${by.length === 0 ? 'by nobody' : `by ${by.join(', ')}`}`,
    flaw === undefined ? `  leaves   ${visible(body)}` : `  flaw     ${flaw}`,
  ].join('\n')}\n`;
}

function sign({ guards, name }: PipelineSpec, folder: string, id: string, { values }: Arguments): ExitCode {
  const { as, key: keyFile } = values;
  if (typeof as !== 'string' || typeof keyFile !== 'string') {
    throw new UsageError('expected --as NAME and --key FILE beside the id, found not both');
  }
  const key = privateKey(keyFile);
  for (const guard of guards.values()) {
    const messages = new PendingMessages(folder, guard.name);
    const pending = messages.read(id);
    if (pending === undefined || pending.isUsed) continue;
    const { statement, body } = pending;
    const flaw = flawOf(pending, { pipeline: name, guard: guard.name });
    if (flaw !== undefined) throw new UsageError(`${id}: ${flaw}`);
    const known = keyOf(guard, as);
    if (known === undefined) throw new UsageError(`expected a principal of guard ${guard.name}, found ${as}`);
    const grant = grantOf(as, statement, key);
    if (keyText(known) !== publicText(key)) throw new UsageError(`expected the key of ${as}, found another one`);
    messages.grant(id, grant);
    process.stdout.write(
      `${as} has approved ${id} of guard ${guard.name}: ${statement.from} -> ${statement.to}\n${visible(body)}\n`,
    );
    return EXIT.fine;
  }
  throw new UsageError(`expected the id of a message that waits for approval, found none in ${folder}`);
}

/** Nobody signs another text than the one that they see. */
function flawOf(
  { statement, body }: Pending,
  of: { readonly pipeline: string; readonly guard: string },
): string | undefined {
  if (digestOf(body) !== statement.out) return 'its body is not the one that would leave: the file was changed';
  if (statement.pipeline !== of.pipeline || statement.guard !== of.guard) return 'it belongs to another guard';
  return statement.expiresAtMs <= Date.now() ? 'its time is over' : undefined;
}

function privateKey(file: string): KeyObject {
  try {
    const key = createPrivateKey(readFileSync(file));
    if (key.asymmetricKeyType !== 'ed25519') throw new TypeError(`a key of ${String(key.asymmetricKeyType)}`);
    return key;
  } catch (thrown) {
    throw new UsageError(`expected --key with a private key of Ed25519 in PEM, found ${messageOf(thrown)}`);
  }
}

function publicText(key: KeyObject): string {
  const { x } = key.export({ format: 'jwk' });
  return keyText(createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: x ?? '' }, format: 'jwk' }));
}
