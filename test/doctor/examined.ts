import assert from 'node:assert/strict';
import type { CheckLine, CheckVerdict } from '../../runtime/contract/doctor.ts';
import { readPipeline } from '../../runtime/cli/checked-pipeline.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { examineBuses, type ExamineSettings } from '../../runtime/host/doctor/examine.ts';
import { newProject } from '../harness/project.ts';

export interface Found extends CheckLine {
  readonly connection: string;
}

/** What `sluice doctor` finds at the buses of a pipeline, in this process. */
export async function examined(words: object, settings: Partial<ExamineSettings> = {}): Promise<readonly Found[]> {
  using project = newProject({ 'pipelines/p.yaml': words });
  const { spec, findings } = readPipeline(project.path('pipelines/p.yaml'), 'run').result;
  assert.ok(spec !== undefined, JSON.stringify(findings));
  const reports = await examineBuses(spec, {
    catalog,
    timeoutMs: 20_000,
    outageMs: 3_600_000,
    perSecond: undefined,
    configs: new Map(),
    ...settings,
  });
  return reports.flatMap(({ connection, lines }) => lines.map((line) => ({ ...line, connection })));
}

/** `CODE about`, of the lines with these verdicts. */
export function withVerdict(lines: readonly Found[], ...verdicts: readonly CheckVerdict[]): readonly string[] {
  return lines.filter(({ verdict }) => verdicts.includes(verdict)).map(({ code, about }) => `${code} ${about}`.trim());
}

/** Everything that is wrong, with its text: for a comparison with nothing. */
export function wrong(lines: readonly Found[]): readonly string[] {
  return lines
    .filter(({ verdict }) => verdict === 'warning' || verdict === 'error')
    .map(({ connection, verdict, code, about, found }) => `${connection} ${verdict} ${code} ${about}: ${found}`);
}

/** Every fault is found, and says what to write. */
export function assertFound(lines: readonly Found[], faults: readonly string[]): void {
  const found = withVerdict(lines, 'warning', 'error');
  for (const fault of faults) assert.ok(found.includes(fault), `${fault} is not among\n${wrong(lines).join('\n')}`);
  for (const { verdict, code, write } of lines)
    assert.ok(verdict === 'ok' || verdict === 'unknown' || (write ?? '') !== '', `${code} says nothing to write`);
}
