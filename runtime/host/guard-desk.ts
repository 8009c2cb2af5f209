import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { SluiceError } from '#contract/errors.ts';
import type { Log } from '#contract/log.ts';
import type { Label } from '#contract/message.ts';
import type { Stage } from '#contract/stage.ts';
import type { Validator } from '#contract/validator.ts';
import { Approvals } from '../guards/approvals.ts';
import { Guard, type GuardPlace } from '../guards/guard.ts';
import type { GuardSpec } from '../guards/guard-spec.ts';
import type { PipelineLabels } from '../labels/pipeline-labels.ts';
import { AuditFile } from '../store/audit/audit-file.ts';
import { ChainTip } from '../store/audit/chain-tip.ts';
import { idKeyOf, tipPath } from '../store/guards/guard-files.ts';
import type { GuardNumbers } from '../telemetry/guard-numbers.ts';
import type { Health } from '../telemetry/health.ts';
import { GuardCounts } from './guard-counts.ts';
import { guardHash } from './guard-hash.ts';
import { PendingMessages } from './pending-messages.ts';

export interface GuardDeskSettings {
  readonly pipeline: string;
  readonly guards: ReadonlyMap<string, GuardSpec>;
  readonly labels: PipelineLabels | undefined;
  readonly validators: ReadonlyMap<string, Validator>;
  readonly stateFolder: string;
  readonly log: Log;
  readonly health: Pick<Health, 'set'>;
}

/** The guards of a running pipeline, each with its audit file. */
export interface GuardDesk {
  /** Throws INTERNAL for a guard that the file does not have. */
  stage(guard: string, place: GuardPlace): Stage;
  /** What each guard decided. */
  numbers(): readonly GuardNumbers[];
  /** Nothing is released any more. */
  stop(): void;
  /** After the last message has left. */
  close(): Promise<void>;
}

export type OpenGuards = (settings: GuardDeskSettings) => Promise<GuardDesk>;

/** Opens the audit file of each guard and records its rules. Rejects with GUARD_AUDIT or STATE_UNUSABLE. */
export const openGuards: OpenGuards = async (settings) => {
  const open = new Map<string, Opened>();
  const close = async (): Promise<void> => {
    for (const { audit, stopped } of open.values()) {
      await audit.append(stopped).catch(() => {});
      await audit.close();
    }
  };
  try {
    for (const spec of settings.guards.values()) open.set(spec.name, await openGuard(spec, settings));
  } catch (thrown) {
    await close();
    throw thrown;
  }
  return {
    stage(name, place) {
      const guard = open.get(name)?.guard;
      if (guard === undefined) throw new SluiceError('INTERNAL', `no guard ${name} is open`);
      return { name: `guard ${name}`, run: (message) => guard.release(message, place) };
    },
    numbers: () => [...open.values()].map(({ counts }) => counts.numbers()),
    stop() {
      for (const { guard } of open.values()) guard.stop();
    },
    close,
  };
};

interface Opened {
  readonly guard: Guard;
  readonly counts: GuardCounts;
  readonly audit: AuditFile;
  readonly stopped: { readonly kind: string };
}

async function openGuard(spec: GuardSpec, settings: GuardDeskSettings): Promise<Opened> {
  const { pipeline, labels, validators, stateFolder, log, health } = settings;
  const { name } = spec;
  const input = validators.get(spec.in);
  const output = validators.get(spec.out);
  if (labels === undefined || input === undefined || output === undefined) {
    throw new SluiceError('INTERNAL', `the guard ${name} was not checked`);
  }
  const outputSchema = labels.guardSchema(spec.out);
  const hash = guardHash(spec, [labels.guardSchema(spec.in), outputSchema], labels.policy);
  const range = labels.guardRange(spec);
  const idKey = idKeyOf(stateFolder, name);
  const tip = new ChainTip(tipPath(stateFolder, name));
  const before = tip.read()?.note;
  const path = resolve(stateFolder, spec.audit);
  const counts = new GuardCounts(name);
  const audit = await AuditFile.open({
    path,
    tip,
    note: hash,
    nowMs: Date.now,
    onTipLost: ({ message }) => log.warn('guard-tip-unwritten', { guard: name, text: message }),
  });
  const policy = { label: labels.policy, guard: hash };
  const who = { guard: name, pipeline, host: hostname(), process: process.pid, policy };
  const counted = counts.watching(audit);
  await counted.append({
    kind: 'start',
    ...who,
    ...(before !== undefined && before !== hash && { policyBefore: before }),
  });
  const guard = new Guard({
    spec,
    input,
    output,
    outputSchema,
    pipeline,
    labels: range,
    policy,
    idKey,
    audit: counted,
    approvals:
      spec.approval &&
      new Approvals(spec.approval, {
        store: new PendingMessages(stateFolder, name),
        isWanted: (label) => isWanted(spec.approval?.when, (operator, of) => range.isOfClass(label, operator, of)),
        nowMs: Date.now,
      }),
    elapsedMs: () => performance.now(),
    onAudit: auditReporter(name, log, health),
  });
  health.set(`guard ${name} audit`, true);
  log.info('guard', { guard: name, audit: path, policy: hash });
  return { guard, counts, audit, stopped: { kind: 'stop', ...who } };
}

const WHEN = /^label\.class (==|>=) '([^']+)'$/;

function isWanted(when: string | undefined, test: (operator: string, name: Label) => boolean): boolean {
  const [, operator, name] = when === undefined ? [] : (WHEN.exec(when) ?? []);
  // What cannot be read asks for approval.
  return operator === undefined || name === undefined || test(operator, name);
}

/** One line when the file fails, and one when it works again. */
function auditReporter(
  guard: string,
  log: Log,
  health: Pick<Health, 'set'>,
): (trouble: SluiceError | undefined) => void {
  let isTold = false;
  return (trouble) => {
    health.set(`guard ${guard} audit`, trouble === undefined, trouble?.message, trouble?.remedy);
    if (trouble !== undefined && !isTold) {
      log.error('guard-audit-unwritten', { guard, code: trouble.code, text: `${trouble.message}. ${trouble.remedy}` });
    } else if (trouble === undefined && isTold) log.info('guard-audit-written', { guard });
    isTold = trouble !== undefined;
  };
}
