import { buildSpec } from '../read/build-spec.ts';
import { checkDescribed, functionCalls } from './route-schemas.ts';
import type { LocatedCall } from '../functions/call-types.ts';
import { checkLoops } from './check-loops.ts';
import { checkNames, filesNamed } from './check-names.ts';
import type { NamedFiles, ProjectFiles } from './check-names.ts';
import { checkReservedWords } from './check-reserved-words.ts';
import { checkRoutes } from './check-routes.ts';
import type { FieldTables } from '../fields/field-tables.ts';
import { type ExpressionSite, expressionSites } from './expression-sites.ts';
import { type FindingDraft, FindingList } from './finding-list.ts';
import type { Finding } from './findings.ts';
import { sectionsOf } from '../read/sections.ts';
import type { SourceMap } from '../read/source-map.ts';
import { asList, asMap, own } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';
import { referencePointers, resolveReferences } from '../read/references.ts';
import type { ReferenceSources } from '../read/references.ts';
import type { PipelineDocument, Resolution } from '../read/resolve-pipeline.ts';
import { refuseMisplaced, withContents, withStandIns } from '../read/resolved-document.ts';
import { validateSections } from './validate-sections.ts';
import type { Catalog } from '#contract/catalog.ts';
import { parseYaml } from '../read/yaml-document.ts';
import type { ParsedDocument } from '../read/yaml-document.ts';

export interface PipelineSource extends ReferenceSources {
  readonly text: string;
  /** The path in findings. */
  readonly file: string;
  readonly catalog: Catalog;
  readonly project: ProjectFiles;
  /** Absent: the words of this version. */
  readonly fields?: FieldTables;
}

export interface CheckResult extends Resolution {
  /** The document for a bundle; defined exactly when no finding is an error. */
  readonly document?: PipelineDocument;
  /** The files that stages name and the project has, independent of other errors. */
  readonly named: NamedFiles;
  /** The expressions of the file, which are checked apart: most files have none, and need no language for them. */
  readonly expressions: readonly ExpressionSite[];
  /** Makes findings of drafts, in the order of the file. */
  readonly locate: (drafts: readonly FindingDraft[]) => readonly Finding[];
}

/** Checks a whole pipeline file: all errors in one run, in the order of the file, each mistake once. Pure. */
export function checkPipeline(source: PipelineSource): CheckedFile {
  const parsed = parseYaml(source.text);
  const { file, catalog } = source;
  const calls = parsed.readable ? functionCalls(parsed.value, catalog) : [];
  const located = calls.map((call) => ({ ...call, file, ...parsed.places.of(call.at) }));
  return { ...judgeDocument(parsed, source), calls: located };
}

/** A file that was read, with what only the check of its types needs: no bundle does. */
export interface CheckedFile extends CheckResult {
  /** Every call of a function, independent of other errors. */
  readonly calls: readonly LocatedCall[];
}

/** As `checkPipeline`, for a parsed document. `isProbe`: the messages that its route reads are not those that it sends. */
export function judgeDocument(
  parsed: ParsedDocument,
  source: Omit<PipelineSource, 'text'>,
  isProbe = false,
): CheckResult {
  const { file, catalog, fields } = source;
  const { value, places, flaws, readable } = parsed;
  const findings = new FindingList(file, places);
  const locate = (drafts: readonly FindingDraft[]): readonly Finding[] => {
    const list = new FindingList(file, places);
    for (const draft of drafts) list.add(draft);
    return list.sorted();
  };
  for (const flaw of flaws) findings.add(flaw);
  // After broken YAML every further finding would be a consequential one.
  if (!readable) {
    const named = { functions: [], schemas: [] };
    return { findings: findings.sorted(), named, expressions: [], locate };
  }
  const named = filesNamed(value, catalog, source.project);
  const resolved = resolveReferences(value, catalog.stages, source, findings);
  checkReservedWords(value, catalog, findings);
  checkNames(value, catalog, source.project, findings);
  const sections = sectionsOf(value, catalog, fields);
  const contents = withContents(value, sections, resolved);
  refuseMisplaced(sections, resolved, findings);
  validateSections(contents, sections, resolved, catalog, findings);
  const judged = { value: contents, sections, resolved, catalog, findings, fields };
  checkRoutes(judged);
  checkDescribed(contents, catalog, findings);
  if (!isProbe) checkLoops(judged);
  const expressions = expressionSites(judged);
  if (findings.hasErrors) return { findings: findings.sorted(), named, expressions, locate };
  return {
    named,
    expressions,
    locate,
    spec: buildSpec({
      file,
      value: withStandIns(contents, sections, resolved),
      places,
      sections,
      catalog,
      fields,
      resolved,
      readFile: source.readFile,
    }),
    document: { file, value, places: placesToKeep(value, places) },
    findings: findings.sorted(),
  };
}

function placesToKeep(value: unknown, places: SourceMap): PipelineDocument['places'] {
  const stages = asList(own(asMap(value), 'routes')).flatMap((route, index) =>
    asList(own(asMap(route), 'stages')).map((_, position) => pointerTo('/routes', index, 'stages', position)),
  );
  const kept = [...stages, ...referencePointers(value)];
  return Object.fromEntries(
    kept.map((pointer) => {
      const { line, column } = places.of(pointer);
      return [pointer, [line, column]];
    }),
  );
}
