import type { TransformOptions } from 'esbuild';
import { NODE_BUNDLE } from '../project/functions/bundle-functions.ts';

/** The code of a bundle's body and its source map, as JSON. */
export interface Body {
  readonly code: string;
  readonly map: string;
}

/** What the bundler prints for the two helpers that wrap a module, of JavaScript and of CommonJS. */
const HELPER = /^var ([\w$]+) = \([\w$, ]+\) => \(\) => \{$/gm;

/**
 * Puts each module of a body into parentheses, then leaves out white space. `code` is the bundler's, with white space.
 *
 * The bundler wraps each module in a function that runs when another module first needs it. V8 reads a function at the load of
 * the file and once more at its first call, and Node's compile cache holds only what was compiled at the load: that is a function
 * in parentheses. Without them a start takes 35 ms longer. What most starts never load stays without them.
 */
export async function compactBody({ code, map }: Body, name: string): Promise<Body> {
  // A text of the project over several lines may look like the end of a module.
  const made = await compact(inParentheses(code), map).catch(() => compact(code, map));
  return { code: `${made.code}//# sourceMappingURL=${name}.mjs.map\n`, map: made.map };
}

/** Modules that are loaded where a signal of telemetry is exported, or metrics are read: by the comment that the bundler writes above each. */
const SELDOM = /node_modules\/@opentelemetry\/|\btelemetry\/(?:metrics|tracing)\/|\btelemetry\/otlp-logs\.ts/;

/** A module begins and ends at the start of a line, and only a module does so with a helper. */
function inParentheses(code: string): string {
  const helpers = [...code.matchAll(HELPER)].map(([, helper = '']) => helper.replaceAll('$', String.raw`\$`));
  const wrapped = String.raw`^(// .*\n)?(var [\w$, ]+ = (?:${helpers.join('|')})\()(\([\w$, ]*\) => \{\n[^]*?^\})\);$`;
  if (helpers.length === 0) return code;
  return code.replaceAll(new RegExp(wrapped, 'gm'), (all, path: string | undefined, begin: string, body: string) =>
    path !== undefined && SELDOM.test(path) ? all : `${path ?? ''}${begin}(${body}));`,
  );
}

async function compact(code: string, map: string): Promise<Body> {
  const { transform } = await import('esbuild');
  const { banner, lineLimit, target, platform, format, logLevel } = NODE_BUNDLE;
  const options = { lineLimit, target, platform, format, logLevel } satisfies TransformOptions;
  const mapBefore = Buffer.from(map).toString('base64');
  return transform(`${code}\n//# sourceMappingURL=data:application/json;base64,${mapBefore}`, {
    ...options,
    minifyWhitespace: true,
    legalComments: 'eof',
    sourcemap: 'external',
    sourcesContent: false,
    // The first line is for the head (bundle-entry.ts).
    banner: `\n${banner.js}`,
  });
}
