import type { Finding } from '../check/findings.ts';
import { asMap } from '#kit/json-value.ts';
import type { LoadedFunction } from '#contract/stage-kind.ts';

export interface FunctionsLoaded {
  readonly functions: ReadonlyMap<string, LoadedFunction>;
  readonly findings: readonly Finding[];
}

/** Loads functions that are modules already. `paths`: the file of each. */
export function adoptFunctions(
  modules: Readonly<Record<string, unknown>>,
  paths: ReadonlyMap<string, string>,
  module: Pick<LoadedFunction, 'explain' | 'home'>,
): FunctionsLoaded {
  const functions = new Map<string, LoadedFunction>();
  const findings: Finding[] = [];
  for (const [name, path] of paths) {
    const exported = asMap(modules[name])['default'];
    if (isTransform(exported)) functions.set(name, { ...module, transform: exported });
    else findings.push(noFunction(path, exported));
  }
  return { functions, findings };
}

function isTransform(value: unknown): value is LoadedFunction['transform'] {
  return typeof value === 'function';
}

function noFunction(file: string, found: unknown): Finding {
  return {
    severity: 'error',
    code: 'FUNCTION_BROKEN',
    file,
    line: 1,
    column: 1,
    path: '',
    expected: 'a default export that is a function',
    found: found === undefined ? 'none' : `a ${typeof found}`,
    write: 'export default function (body) { return body; }',
  };
}
