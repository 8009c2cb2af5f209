import { type CollectedSpan } from './otlp-collector.ts';
import { collectedFrom, type OtlpTraces } from './otlp-json.ts';
import { waitFor } from './wait-for.ts';

/** An edge of the service graph: how often a span of `child` had one of `parent` as its parent. */
export interface Dependency {
  readonly parent: string;
  readonly child: string;
  readonly callCount: number;
}

/** What a Jaeger has stored. Each question asks once; `until` asks again until the answer will do. */
export interface JaegerQuery {
  /** The spans of a trace, none where it is not known, in the order of their start. */
  trace(traceId: string): Promise<readonly CollectedSpan[]>;
  /** The spans of the newest traces with a span of the service, 100 traces at most. */
  tracesOf(service: string): Promise<readonly CollectedSpan[]>;
  services(): Promise<readonly string[]>;
  /** The names of the service's spans. */
  operations(service: string): Promise<readonly string[]>;
  dependencies(): Promise<readonly Dependency[]>;
  /** The trace once it `suffices`; by default once it is there. Fails with the names of the spans that it had. */
  traceWhen(
    traceId: string,
    suffices?: (spans: readonly CollectedSpan[]) => boolean,
  ): Promise<readonly CollectedSpan[]>;
}

const ANSWER_MS = 10_000;
const TRACE_MS = 20_000;
const DAY_MS = 86_400_000;

/** Undefined for 404, by which it says that there is nothing. */
async function get<T>(url: string): Promise<T | undefined> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS), headers: { connection: 'close' } });
  const text = await answer.text();
  if (answer.status === 404) return undefined;
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}: ${text}`);
  return JSON.parse(text) as T;
}

const byStart = (spans: readonly CollectedSpan[]): readonly CollectedSpan[] =>
  spans.toSorted((a, b) => a.startMs - b.startMs);

/** A client of the query API at this address, such as `http://127.0.0.1:16686`. */
export function jaegerQuery(url: string): JaegerQuery {
  const spansAt = async (path: string): Promise<readonly CollectedSpan[]> => {
    const answer = await get<{ readonly result: OtlpTraces }>(`${url}/api/v3/${path}`);
    return byStart(answer === undefined ? [] : collectedFrom(answer.result));
  };
  // Raw: as they were sent, without the warnings that it adds for its pages.
  const trace = (traceId: string) => spansAt(`traces/${traceId}?raw_traces=true`);
  return {
    trace,
    tracesOf(service) {
      const now = Date.now();
      const asked = new URLSearchParams({
        'query.service_name': service,
        'query.start_time_min': new Date(now - DAY_MS).toISOString(),
        'query.start_time_max': new Date(now + DAY_MS).toISOString(),
        'query.num_traces': '100',
        'query.raw_traces': 'true',
      });
      return spansAt(`traces?${asked.toString()}`);
    },
    async services() {
      const answer = await get<{ readonly services?: readonly string[] }>(`${url}/api/v3/services`);
      return answer?.services ?? [];
    },
    async operations(service) {
      const path = `/api/v3/operations?service=${encodeURIComponent(service)}`;
      const answer = await get<{ readonly operations?: readonly { readonly name: string }[] }>(url + path);
      return (answer?.operations ?? []).map(({ name }) => name);
    },
    async dependencies() {
      const path = `/api/dependencies?endTs=${Date.now() + DAY_MS}&lookback=${2 * DAY_MS}`;
      const answer = await get<{ readonly data: readonly Dependency[] | null }>(url + path);
      return answer?.data ?? [];
    },
    async traceWhen(traceId, suffices = (spans) => spans.length > 0) {
      let last: readonly CollectedSpan[] = [];
      const found = waitFor(
        async () => {
          last = await trace(traceId);
          return suffices(last) && last;
        },
        TRACE_MS,
        `trace ${traceId} in Jaeger`,
      );
      return found.catch((cause: unknown) => {
        throw new Error(`trace ${traceId} has: ${last.map(({ name }) => name).join(', ')}`, { cause });
      });
    },
  };
}
