import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogFields } from '../../runtime/contract/log.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { boundYoungGeneration } from '../../runtime/cli/young-generation.ts';
import { findingsText } from '../../runtime/project/check/findings-text.ts';
import { type PipelineDocument, resolvePipeline } from '../../runtime/project/read/resolve-pipeline.ts';
import { startPipeline } from '../../runtime/host/pipeline.ts';
import type { Bridge } from './bridge.ts';
import { isLocation, isTrack, toTrackUntyped } from './work.ts';

// As a bundle holds them: compiled before the start.
const FUNCTIONS = new Map([
  [
    'owntracks-to-track',
    {
      transform: toTrackUntyped,
      explain: () => ({ position: undefined, stack: undefined }),
      home: () => Promise.reject(new Error('nothing runs apart here')),
    },
  ],
]);
const VALIDATORS = new Map([
  ['owntracks-location.v1', isLocation],
  ['track.v1', isTrack],
]);

const say = (event: string, fields?: LogFields): void => {
  process.stderr.write(`${event} ${JSON.stringify(fields)}\n`);
};

/** The real thing, run as a bundle of `sluice build` runs it. */
export function sluiceBridge(document: PipelineDocument): Bridge {
  return async () => {
    const { spec, findings } = resolvePipeline(document, catalog, { environment: {}, readFile: () => '', mode: 'run' });
    if (spec === undefined) throw new Error(findingsText(findings));
    const stateFolder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
    const stopBounding = boundYoungGeneration();
    const running = await startPipeline(spec, {
      catalog,
      parts: { functions: FUNCTIONS, validators: VALIDATORS },
      log: { info() {}, warn: say, error: say },
      stateFolder,
      admin: undefined,
      failFast: false,
      drainMs: 5000,
      // For the OTEL_ variables.
      environment: process.env,
    });
    await running.ready;
    return {
      delivered() {
        const [route] = running.numbers();
        return route === undefined ? 0 : route.delivered + route.superseded;
      },
      async stop() {
        stopBounding();
        await running.stop();
        rmSync(stateFolder, { recursive: true, force: true });
      },
    };
  };
}
