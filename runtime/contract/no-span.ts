import { INVALID_SPAN_CONTEXT, type Span, trace } from '@opentelemetry/api';

/** Records nothing. */
export const NO_SPAN: Span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
