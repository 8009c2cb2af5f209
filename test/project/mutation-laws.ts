import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { busOf } from '../../runtime/host/catalog-of.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { checkPipeline } from '../../runtime/project/check/check-pipeline.ts';
import { explainRoute } from '../../runtime/project/explain/explain-route.ts';
import { FINDINGS } from '../../runtime/project/check/findings.ts';
import { endOptions } from '../../runtime/host/end-options.ts';
import { referenceReader } from '../../runtime/project/project-files.ts';
import { patient } from '../harness/patience.ts';
import { mutated } from './mutations.ts';
import { PROJECT } from './words.ts';

const FOLDERS = ['../../pipelines/', 'good/', 'bad/'].map((folder) => new URL(folder, import.meta.url));
const TEXTS = FOLDERS.flatMap((folder) =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => readFileSync(new URL(file, folder), 'utf8')),
);

/** The whole check, with what `explain` makes of a file that is fine. */
function check(text: string): void {
  const { findings, spec } = checkPipeline({
    text,
    file: 'p.yaml',
    catalog,
    project: PROJECT,
    environment: {},
    readFile: referenceReader(import.meta.dirname),
    mode: 'check',
  });
  for (const finding of findings) {
    assert.ok(finding.code in FINDINGS);
    assert.ok(JSON.stringify(finding).length < 10_000, `${finding.code} is ${JSON.stringify(finding).length} long`);
  }
  assert.ok(findings.length <= 1001, `${findings.length} findings`);
  for (const route of spec?.routes ?? []) {
    if (spec === undefined) return;
    const source = busOf(catalog, route.from.bus).sourceGuarantees(endOptions(spec, route.from));
    const sink = busOf(catalog, route.to.bus).sinkGuarantees(endOptions(spec, route.to));
    explainRoute(route, source, [sink]);
  }
}

/** Judges `count` files that were mutated by the seeds from `first` on. Each ends within 5 s of processor time, and none throws. */
export function judgeMutations(first: number, count: number, tell: (text: string) => void): void {
  let slowestMs = 0;
  let slowest = first;
  for (let seed = first; seed < first + count; seed += 1) {
    const text = mutated(TEXTS[seed % TEXTS.length] ?? '', seed);
    const before = process.cpuUsage();
    try {
      check(text);
    } catch (thrown) {
      // oxlint-disable-next-line preserve-caught-error -- its message may be as long as the file
      throw new Error(`with SLUICE_SEED=${seed}: ${String(thrown).slice(0, 300)}`);
    }
    const { user, system } = process.cpuUsage(before);
    const ms = (user + system) / 1000;
    assert.ok(ms < patient(5000), `${Math.round(ms)} ms with SLUICE_SEED=${seed}`);
    if (ms > slowestMs) [slowestMs, slowest] = [ms, seed];
  }
  tell(`the slowest of ${count} took ${Math.round(slowestMs)} ms: seed ${slowest}`);
}
