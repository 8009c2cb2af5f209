import type { Log } from '#contract/log.ts';
import { readToken } from '../admin/guarded-token.ts';
import { LetterDesk } from '../admin/letters/letter-desk.ts';
import type { Metrics } from '../admin/probes.ts';
import { pipelineResources } from '../admin/resources.ts';
import { type Admin, type AdminAddress, serveAdmin } from '../admin/server.ts';
import type { ErrorMemory } from '../admin/status/error-memory.ts';
import type { PipelineOutline } from '../admin/status/pipeline-outline.ts';
import { StatusDesk } from '../admin/status/status-desk.ts';
import { type Clearance, SEES_ALL } from '../labels/clearance.ts';
import type { Health } from '../telemetry/health.ts';
import type { RouteNumbers } from '../telemetry/route-numbers.ts';

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
  /** In the Prometheus text format. */
  readonly metrics: () => Promise<string>;
  readonly numbers: () => readonly RouteNumbers[];
  readonly outline: PipelineOutline;
  readonly errors: ErrorMemory;
  readonly stateFolder: string;
  /** What the page may show of dead letters; all, where the file names no label policy. */
  readonly clearance?: Clearance | undefined;
}

/** Serves page, status, probes and metrics of a pipeline. Rejects with ADMIN_UNUSABLE or ADMIN_TOKEN. */
export async function openAdminPort(settings: AdminPortSettings): Promise<Admin> {
  const { choice, log, environment, health, numbers, outline, errors, stateFolder, clearance = SEES_ALL } = settings;
  const status = new StatusDesk({ outline, health, errors, numbers });
  const desk = new LetterDesk({ stateFolder, routes: outline.routes, clearance, log });
  const metrics: Metrics = async () => ({
    status: 200,
    type: 'text/plain; version=0.0.4; charset=utf-8',
    body: await settings.metrics(),
  });
  const { isWritable = false, traceUrl } = choice;
  const serving = await serveAdmin({
    ...choice,
    token: readToken(choice.tokenFile, environment),
    resources: pipelineResources({ health, metrics, status, letters: { outline, desk, traceUrl, isWritable } }),
    onFault: (path, text) => log.error('admin-fault', { path, code: 'INTERNAL', text }),
  });
  status.start();
  return {
    url: serving.url,
    close() {
      status.stop();
      return serving.close();
    },
  };
}
