import { buildSpec } from './build-spec.ts';
import { checkLoops } from '../check/check-loops.ts';
import { checkRoutes } from '../check/check-routes.ts';
import { checkReferredExpressions } from '../check/referred-expressions.ts';
import { FindingList } from '../check/finding-list.ts';
import type { Finding } from '../check/findings.ts';
import type { PolicyFile } from '../../labels/policy-file.ts';
import type { LabelJudge } from '../labels/label-judge.ts';
import type { PipelineSpec } from '../pipeline-spec.ts';
import { sectionsOf } from './sections.ts';
import { SourceMap } from './source-map.ts';
import { resolveReferences } from './references.ts';
import type { ReferenceSources } from './references.ts';
import { judgeContents, withContents, withStandIns } from './resolved-document.ts';
import type { Catalog } from '#contract/catalog.ts';
import type { CompileExpression } from '#contract/expression.ts';

/** A checked pipeline file as JSON data, which a bundle embeds. References are as written. */
export interface PipelineDocument {
  readonly file: string;
  readonly value: unknown;
  /** Line and column of references and stages, by pointer: only these can still fail after the check. */
  readonly places: Readonly<Record<string, readonly [line: number, column: number]>>;
  /** The label policy that the file names. */
  readonly policy?: PolicyFile;
  /** The schemas of its guards, by name. */
  readonly guardSchemas?: Readonly<Record<string, unknown>>;
}

/** The outcome of a check. `spec` is there exactly when no finding is an error. */
export interface Resolution {
  readonly spec?: PipelineSpec;
  readonly findings: readonly Finding[];
}

/**
 * Makes the spec of a document that `checkPipeline` passed, with the environment of this machine. Checks again only the
 * values that the environment can change. A bundle starts here, so neither the YAML reader nor the schema compiler is needed.
 */
export function resolvePipeline(
  document: PipelineDocument,
  catalog: Catalog,
  sources: ReferenceSources & {
    readonly labels?: LabelJudge | undefined;
    /** Absent where the document has no expressions. */
    readonly compileExpression?: CompileExpression | undefined;
  },
): Resolution {
  const { file, value } = document;
  const spots = Object.entries(document.places).map(
    ([pointer, [line, column]]) => [pointer, { value: { line, column } }] as const,
  );
  const places = new SourceMap(new Map(spots));
  const findings = new FindingList(file, places);
  const sections = sectionsOf(value, catalog);
  const resolved = resolveReferences(value, catalog.stages, sources, findings);
  judgeContents(sections, resolved, findings);
  const contents = withContents(value, sections, resolved);
  const judged = { value: contents, sections, resolved, catalog, findings };
  checkRoutes(judged);
  checkLoops(judged);
  sources.labels?.check(judged);
  if (sources.compileExpression !== undefined) checkReferredExpressions(judged, sources.compileExpression);
  if (findings.hasErrors) return { findings: findings.sorted() };
  const whole = withStandIns(contents, sections, resolved);
  const { readFile, labels } = sources;
  const spec = buildSpec({ file, value: whole, places, sections, catalog, labels, resolved, readFile });
  return { spec, findings: findings.sorted() };
}
