import type { LoadedFunction } from '#contract/stage-kind.ts';
import { asMap } from '#kit/json-value.ts';
import { adoptFunctions } from '../project/functions/adopt-functions.ts';

/** The functions in a module of its own: the variables of the one that another process had are gone with it. */
export async function freshFunctions(
  functions: ReadonlyMap<string, LoadedFunction>,
): Promise<ReadonlyMap<string, LoadedFunction>> {
  const [first] = functions.values();
  if (first === undefined) return functions;
  const home = await first.home();
  try {
    const module: unknown = await import(home.url);
    const names = new Map([...functions.keys()].map((name) => [name, name]));
    const { functions: adopted } = adoptFunctions(asMap(asMap(module)['functions']), names, first);
    return adopted;
  } finally {
    await home.close();
  }
}
