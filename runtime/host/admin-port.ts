import { readToken } from '../admin/guarded-token.ts';
import { type Admin, type AdminAddress, serveAdmin } from '../admin/server.ts';
import { probeResources } from '../admin/probes.ts';
import type { Health } from '../telemetry/health.ts';
import { metricsText } from '../telemetry/metrics-text.ts';
import type { RouteNumbers } from '../telemetry/route-numbers.ts';
import type { Log } from '#contract/log.ts';

/** What a run says of its admin port. */
export interface AdminChoice extends Omit<AdminAddress, 'token'> {
  /** The file of the token; else SLUICE_ADMIN_TOKEN holds it. */
  readonly tokenFile?: string | undefined;
  /** Whether the page may replay and discard dead letters. */
  readonly isWritable?: boolean;
  /** Of Jaeger, for links to traces. */
  readonly traceUrl?: string | undefined;
}

export interface AdminPortSettings {
  readonly choice: AdminChoice;
  readonly log: Log;
  readonly environment: NodeJS.ProcessEnv;
  readonly health: Health;
  readonly numbers: () => readonly RouteNumbers[];
}

/** Serves probes and metrics of a pipeline. Rejects with ADMIN_UNUSABLE or ADMIN_TOKEN. */
export async function openAdminPort({ choice, log, environment, health, numbers }: AdminPortSettings): Promise<Admin> {
  const metrics = () => ({
    status: 200,
    type: 'text/plain; version=0.0.4; charset=utf-8',
    body: metricsText(numbers()),
  });
  return serveAdmin({
    ...choice,
    token: readToken(choice.tokenFile, environment),
    resources: probeResources(health, metrics),
    onFault: (path, text) => log.error('admin-fault', { path, code: 'INTERNAL', text }),
  });
}
