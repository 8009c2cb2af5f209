/** A Jaeger on this machine that shows the demo's traces. */
export interface JaegerBeside {
  /** Of its pages and its query API. */
  readonly url: string;
  /** What sends the spans there. */
  readonly environment: Readonly<Record<string, string>>;
}

const USUAL = { pages: 'http://127.0.0.1:16686', otlp: 'http://127.0.0.1:4318' };
const ANSWER_MS = 500;

/**
 * Looks for a Jaeger where SLUICE_TRACE_URL says, by default at its usual port. Spans go where OTEL_EXPORTER_OTLP_ENDPOINT says, by
 * default to its usual port too. Undefined where none answers.
 */
export async function jaegerBeside(environment: NodeJS.ProcessEnv): Promise<JaegerBeside | undefined> {
  const url = (environment['SLUICE_TRACE_URL'] || USUAL.pages).replace(/\/+$/, '');
  try {
    const answer = await fetch(`${url}/api/v3/services`, { signal: AbortSignal.timeout(ANSWER_MS) });
    await answer.body?.cancel();
    if (!answer.ok) return undefined;
  } catch {
    return undefined;
  }
  return {
    url,
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: environment['OTEL_EXPORTER_OTLP_ENDPOINT'] || USUAL.otlp },
  };
}
