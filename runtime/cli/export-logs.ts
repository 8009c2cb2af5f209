import { messageOf } from '#contract/errors.ts';
import { exportsOtlp, outagesIn } from '../telemetry/otlp-signal.ts';
import type { WrittenLog } from '../telemetry/log.ts';

/** Exports the lines of a log where the environment asks for it. The function returned sends what waits; it never rejects. */
export async function exportLogs(
  log: WrittenLog,
  service: string,
  environment: NodeJS.ProcessEnv,
): Promise<() => Promise<void>> {
  if (!exportsOtlp('LOGS', environment)) return () => Promise.resolve();
  // Loaded only when logs are exported: its import is slow.
  const { startLogExport } = await import('../telemetry/otlp-logs.ts');
  const exported = startLogExport(service, outagesIn(log, 'logs', 'standard error has all lines'));
  log.listen(exported.listener);
  return async () => {
    log.flush();
    log.listen(undefined);
    await exported.close().catch((thrown: unknown) => log.warn('logs-unsent', { text: messageOf(thrown) }));
  };
}
