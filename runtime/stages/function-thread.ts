import type { Span } from '@opentelemetry/api';
import type { FunctionLogFields } from '#contract/function-log.ts';
import type { LogLevel } from '#contract/log.ts';
import type { Context } from '#contract/transform.ts';
import type { ThreadAnswer, Call, Thrown, FunctionThreadSettings, Note, NotedMethod } from './thread-messages.ts';

/**
 * The code of a thread that runs a function. Only its source text is sent to the thread, so it refers to nothing outside
 * of itself but types.
 */
export function functionThread(): void {
  const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads');
  const { url, name, route, pipeline, options }: FunctionThreadSettings = workerData;
  type Function = (body: unknown, context: Context) => unknown;
  /** Of one call. */
  interface State {
    readonly raised: unknown[];
    isOver: boolean;
  }
  // As contract/transform.ts marks a result: symbols do not travel between threads.
  const mark = Symbol.for('sluice.result');

  const post = (answer: ThreadAnswer): void => {
    try {
      parentPort?.postMessage(answer);
    } catch (thrown) {
      parentPort?.postMessage({ kind: 'uncloneable', text: thrown instanceof Error ? thrown.message : '' });
    }
  };
  // A thrown Error may hold any value, and reading its members may throw.
  const describe = (thrown: unknown): Thrown => {
    const isError = thrown instanceof Error;
    const part = (property: string): string | undefined => {
      try {
        const value: unknown = isError ? Reflect.get(thrown, property) : undefined;
        return typeof value === 'string' ? value : undefined;
      } catch {
        return undefined;
      }
    };
    const isPlain = typeof thrown !== 'object' && typeof thrown !== 'function' && typeof thrown !== 'symbol';
    const value = isPlain ? thrown : null;
    const codes = codesOf(thrown, 0);
    return { isError, name: part('name') ?? '', message: part('message') ?? '', stack: part('stack'), codes, value };
  };
  const codesOf = (thrown: unknown, depth: number): readonly string[] => {
    if (!(thrown instanceof Error) || depth > 5) return [];
    try {
      const code: unknown = Reflect.get(thrown, 'code');
      const inner: readonly unknown[] = thrown instanceof AggregateError ? thrown.errors.slice(0, 5) : [];
      const below = [thrown.cause, ...inner].flatMap((one) => codesOf(one, depth + 1));
      return [...(typeof code === 'string' ? [code] : []), ...below];
    } catch {
      return [];
    }
  };
  const answer = (returned: unknown, raised: readonly unknown[]): ThreadAnswer => {
    if (typeof returned !== 'object' || returned === null || !(mark in returned)) {
      return { kind: 'returned', body: returned, raised };
    }
    const kind: unknown = Reflect.get(returned, mark);
    if (kind === 'emit') return { kind: 'emitted', bodies: Reflect.get(returned, 'bodies'), raised };
    return { kind: kind === 'drop' ? 'dropped' : 'rejected', reason: String(Reflect.get(returned, 'reason')), raised };
  };
  const note = (made: Note): void => {
    try {
      parentPort?.postMessage(made);
    } catch {
      // A value that cannot leave the thread: the line goes without its fields, the span without the value.
      if (made.kind === 'log') parentPort?.postMessage({ ...made, fields: undefined });
    }
  };
  /** What a function writes into the span and the log goes to the bridge at once, while the call lasts. */
  const spanOf = (span: Call['span'], state: State): Span => {
    const isRecording = (): boolean => !state.isOver && span !== undefined && (span.traceFlags & 1) === 1;
    const made = {
      spanContext: () => span ?? { traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 },
      isRecording,
      // The runtime ends the span.
      end() {},
      addLink: () => made,
      addLinks: () => made,
    };
    const passedOn: readonly NotedMethod[] = [
      'setAttribute',
      'setAttributes',
      'addEvent',
      'setStatus',
      'updateName',
      'recordException',
    ];
    const methods = passedOn.map((method) => {
      const noted = (...values: readonly unknown[]): object => {
        if (isRecording()) note({ kind: 'span', method, values });
        return made;
      };
      return [method, noted];
    });
    return Object.assign(made, Object.fromEntries(methods));
  };
  const textOf = (value: unknown): string => {
    try {
      return String(value);
    } catch {
      return '(no text)';
    }
  };
  const logOf = (state: State): Context['log'] => {
    const at =
      (level: LogLevel) =>
      (text: unknown, fields?: FunctionLogFields): void => {
        if (!state.isOver) note({ kind: 'log', level, text: textOf(text), fields });
      };
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  };
  // Methods are no fields of it: what a function returns of its context must be able to leave the thread.
  const methodsOf = (call: Call, state: State): object => ({
    raise: (by: unknown) => void state.raised.push(by),
    get span() {
      return spanOf(call.span, state);
    },
    get log() {
      return logOf(state);
    },
  });
  const contextOf = (call: Call, state: State): Context => {
    const { id, address, key, label, attempt } = call;
    const fields = {
      id,
      address,
      key,
      label,
      attempt,
      route,
      pipeline,
      options,
      // Never aborts: at the deadline the thread is ended, and this with it.
      get signal() {
        return new AbortController().signal;
      },
    };
    return Object.assign(Object.create(methodsOf(call, state)), fields);
  };
  const run = async (transform: Function, call: Call): Promise<void> => {
    const state: State = { raised: [], isOver: false };
    try {
      const returned = await transform(call.body, contextOf(call, state));
      state.isOver = true;
      post(answer(returned, state.raised));
    } catch (thrown) {
      state.isOver = true;
      post({ kind: 'threw', thrown: describe(thrown), raised: state.raised });
    }
  };

  import(url).then(
    (module: { functions: Record<string, { default: Function }> }) => {
      const transform = module.functions[name]?.default;
      if (transform === undefined) return post({ kind: 'broken', thrown: describe(new Error(`no function ${name}`)) });
      parentPort?.on('message', (call: Call) => void run(transform, call));
      post({ kind: 'ready' });
    },
    (thrown: unknown) => post({ kind: 'broken', thrown: describe(thrown) }),
  );
}
