import type { Context } from '#contract/transform.ts';
import type { ThreadAnswer, Call, Thrown, FunctionThreadSettings } from './thread-messages.ts';

/**
 * The code of a thread that runs a function. Only its source text is sent to the thread, so it refers to nothing outside
 * of itself but types.
 */
export function functionThread(): void {
  const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads');
  const { url, name, route, pipeline, options }: FunctionThreadSettings = workerData;
  type Function = (body: unknown, context: Context) => unknown;
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
  // Methods are no fields of it: what a function returns of its context must be able to leave the thread.
  const methodsOf = (raised: unknown[]): object => ({ raise: (by: unknown) => void raised.push(by) });
  const contextOf = ({ id, address, key, label, attempt }: Call, raised: unknown[]): Context => {
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
    return Object.assign(Object.create(methodsOf(raised)), fields);
  };
  const run = async (transform: Function, call: Call): Promise<void> => {
    const raised: unknown[] = [];
    try {
      const returned = await transform(call.body, contextOf(call, raised));
      post(answer(returned, raised));
    } catch (thrown) {
      post({ kind: 'threw', thrown: describe(thrown), raised });
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
