import { waitFor } from './wait-for.ts';

/** One series of an instant query. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

export type Labels = Readonly<Record<string, string>>;

export type AlertState = 'inactive' | 'pending' | 'firing';

/** An alert that is pending or firing. */
export interface Alert {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly state: AlertState;
}

/** A rule as the server has read it. */
export interface Rule {
  readonly type: 'alerting' | 'recording';
  readonly name: string;
  readonly query: string;
  /** `err` where its last evaluation failed: then `lastError` says why. */
  readonly health: 'ok' | 'err' | 'unknown';
  readonly lastError?: string;
  /** Of an alerting rule: the worst of its alerts. */
  readonly state?: AlertState;
}

/** What is scraped. */
export interface Target {
  readonly labels: Labels;
  readonly scrapeUrl: string;
  readonly health: 'up' | 'down' | 'unknown';
  readonly lastError: string;
}

/** What a Prometheus knows. Each question asks once; those that end in `When` ask again until the answer will do. */
export interface PrometheusQuery {
  /** An expression whose value is a vector or a scalar, now. Throws what is wrong with it. */
  value(expression: string): Promise<readonly Sample[]>;
  rules(): Promise<readonly Rule[]>;
  alerts(): Promise<readonly Alert[]>;
  targets(): Promise<readonly Target[]>;
  /** The names of all metrics that it has ever scraped. */
  metricNames(): Promise<readonly string[]>;
  /** Waits until the alert of that name is in that state; inactive is none of that name. */
  alertWhen(name: string, state: AlertState, deadlineMs?: number): Promise<void>;
  /** Waits for a value of the expression that will do, by default any. */
  valueWhen(expression: string, suffices?: (samples: readonly Sample[]) => boolean): Promise<readonly Sample[]>;
}

const ANSWER_MS = 10_000;
const WAIT_MS = 30_000;

type Answer<T> =
  | { readonly status: 'success'; readonly data: T }
  | { readonly status: 'error'; readonly errorType: string; readonly error: string };

type Point = readonly [seconds: number, value: string];

type QueryResult =
  | { readonly resultType: 'vector'; readonly result: readonly { readonly metric: Labels; readonly value: Point }[] }
  | { readonly resultType: 'scalar'; readonly result: Point }
  | { readonly resultType: 'matrix' | 'string' };

/** As JavaScript writes numbers. */
function numberOf(value: string): number {
  return Number(value.replace(/Inf$/, 'Infinity'));
}

function samplesOf(answer: QueryResult): readonly Sample[] {
  if (answer.resultType === 'scalar') return [{ labels: {}, value: numberOf(answer.result[1]) }];
  if (answer.resultType !== 'vector') throw new Error(`a ${answer.resultType}, not a vector or scalar`);
  return answer.result.map(({ metric, value }) => ({ labels: metric, value: numberOf(value[1]) }));
}

/** A client of the query API at this address. */
export function prometheusQuery(url: string): PrometheusQuery {
  const get = async <T>(path: string): Promise<T> => {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const response = await fetch(`${url}/api/v1/${path}`, { signal, headers: { connection: 'close' } });
    const answer = JSON.parse(await response.text()) as Answer<T>;
    if (answer.status === 'error') throw new Error(`${path}: ${answer.errorType}: ${answer.error}`);
    return answer.data;
  };
  const value = async (expression: string): Promise<readonly Sample[]> =>
    samplesOf(await get<QueryResult>(`query?query=${encodeURIComponent(expression)}`));
  const alerts = async (): Promise<readonly Alert[]> => (await get<{ alerts: readonly Alert[] }>('alerts')).alerts;
  return {
    value,
    alerts,
    async rules() {
      const { groups } = await get<{ groups: readonly { readonly rules: readonly Rule[] }[] }>('rules');
      return groups.flatMap(({ rules }) => rules);
    },
    async targets() {
      const { activeTargets } = await get<{ activeTargets: readonly Target[] }>('targets?state=active');
      return activeTargets;
    },
    metricNames: () => get<readonly string[]>('label/__name__/values'),
    async alertWhen(name, state, deadlineMs = WAIT_MS) {
      let last: readonly Alert[] = [];
      const reached = waitFor(
        async () => {
          last = await alerts();
          const states = last.filter(({ labels }) => labels['alertname'] === name).map((alert) => alert.state);
          return state === 'inactive' ? states.length === 0 : states.includes(state);
        },
        deadlineMs,
        `alert ${name} to be ${state}`,
      );
      await reached.catch((cause: unknown) => {
        const now = last.map((alert) => `${alert.labels['alertname']} ${alert.state}`).join(', ');
        throw new Error(`alerts: ${now === '' ? 'none' : now}`, { cause });
      });
    },
    valueWhen(expression, suffices = (samples) => samples.length > 0) {
      const asked = async (): Promise<readonly Sample[] | false> => {
        const samples = await value(expression);
        return suffices(samples) && samples;
      };
      return waitFor(asked, WAIT_MS, `a value of ${expression}`);
    },
  };
}
