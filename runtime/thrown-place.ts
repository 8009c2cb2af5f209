import { SourceMap } from 'node:module';
import type { ThrownPlace } from './stages/kind.ts';

/** A module made from an integrator's files, and how to read its source map. */
export interface BuiltModule {
  readonly url: string;
  /** The source map's JSON; called once, at the first error. Undefined where there is none. */
  readMap(): string | undefined;
}

/**
 * Reads in which line of an integrator's file something was thrown. The map is opened at the first error only: a
 * bundle's map is megabytes, and Node's own mapping would read it at every start.
 */
export function thrownPlaceReader(module: BuiltModule): (thrown: unknown) => ThrownPlace {
  let map: SourceMap | undefined;
  let isRead = false;
  return (thrown) => {
    const stack = thrown instanceof Error ? thrown.stack : undefined;
    if (stack === undefined) return { position: undefined, stack };
    if (!isRead) {
      isRead = true;
      const text = module.readMap();
      map = text === undefined ? undefined : new SourceMap(JSON.parse(text));
    }
    return map === undefined ? { position: undefined, stack } : read(stack, map, module);
  };
}

function read(stack: string, map: SourceMap, { url }: BuiltModule): ThrownPlace {
  let position: string | undefined;
  const written = stack.replaceAll(/(?<file>file:[^\s()]+):(?<line>\d+):(?<column>\d+)/g, (whole, ...rest) => {
    const found: Readonly<Record<string, string>> = rest.at(-1);
    // A bundle loads itself once more, under a query.
    if (found['file']?.replace(/\?.*$/, '') !== url) return whole;
    const entry = map.findEntry(Number(found['line']) - 1, Number(found['column']) - 1);
    if (!('originalSource' in entry)) return whole;
    const place = `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
    if (!/^(?:sluice:|node_modules)/.test(entry.originalSource)) position ??= place;
    return place;
  });
  return { position, stack: written };
}
