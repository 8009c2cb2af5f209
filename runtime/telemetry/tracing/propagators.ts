/**
 * Whether OTEL_PROPAGATORS leaves trace contexts on. W3C Trace Context is the only form that is read and written; baggage is carried
 * as any other header. Another form is reported.
 */
export function propagates(environment: NodeJS.ProcessEnv, onTrouble: (text: string) => void): boolean {
  const names = (environment['OTEL_PROPAGATORS'] || 'tracecontext,baggage').split(',').map((name) => name.trim());
  const known = new Set(['tracecontext', 'baggage', 'none']);
  const foreign = names.filter((name) => !known.has(name));
  if (foreign.length > 0) {
    onTrouble(
      `expected OTEL_PROPAGATORS to name tracecontext, baggage or none, found ${foreign.join(', ')}: contexts of that form are not read`,
    );
  }
  return names.includes('tracecontext');
}
