import { SourceMap } from 'node:module';
import type { ThrownPlace } from '#contract/stage-kind.ts';

/** A module made from an integrator's files, and how to read its source map. */
export interface BuiltModule {
  readonly url: string;
  /** The source map's JSON; called once, at the first error. Undefined where there is none. */
  readMap(): string | undefined;
}

/**
 * Finds the line of the integrator's file that threw. The source map is opened at the first error only: that of a bundle
 * has megabytes, and Node's own mapping would read it at every start. Never throws.
 */
export function thrownPositionReader(module: BuiltModule): (thrown: unknown) => ThrownPlace {
  // A bundle loads itself once more, under a query.
  const url = module.url.replaceAll(/[^\w/:]/g, String.raw`\$&`);
  const frame = new RegExp(String.raw`${url}(?:\?[^\s:()]*)?:(\d+):(\d+)`, 'g');
  let map: SourceMap | undefined;
  let isRead = false;
  return (thrown) => {
    const stack = stackOf(thrown);
    if (stack === undefined) return { position: undefined, stack };
    if (!isRead) {
      isRead = true;
      map = open(module);
    }
    return map === undefined ? { position: undefined, stack } : read(stack, map, frame);
  };
}

function stackOf(thrown: unknown): string | undefined {
  try {
    // `stack` of an error may be overwritten with any value.
    const stack: unknown = thrown instanceof Error ? thrown.stack : undefined;
    return typeof stack === 'string' ? stack : undefined;
  } catch {
    return undefined;
  }
}

function open(module: BuiltModule): SourceMap | undefined {
  try {
    const text = module.readMap();
    return text === undefined ? undefined : new SourceMap(JSON.parse(text));
  } catch {
    // The error of the function must not be replaced by that of a truncated map.
    return undefined;
  }
}

function read(stack: string, map: SourceMap, frame: RegExp): ThrownPlace {
  let position: string | undefined;
  const written = stack.replaceAll(frame, (whole, line: string, column: string) => {
    const entry = map.findEntry(Number(line) - 1, Number(column) - 1);
    if (!('originalSource' in entry)) return whole;
    const place = `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
    if (!/^(?:sluice:|node_modules)/.test(entry.originalSource)) position ??= place;
    return place;
  });
  return { position, stack: written };
}
