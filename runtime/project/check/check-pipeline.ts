import { buildSpec } from '../read/build-spec.ts';
import { checkDescribed, functionCalls } from './route-schemas.ts';
import type { LocatedCall } from '../functions/call-types.ts';
import { checkCodecFiles, codecUses } from './check-codec-files.ts';
import { checkLoops } from './check-loops.ts';
import { checkNames, filesNamed } from './check-names.ts';
import type { NamedFiles, ProjectFiles } from './check-names.ts';
import { checkReservedWords } from './check-reserved-words.ts';
import { checkRoutes } from './check-routes.ts';
import { oneOf, shown } from './describe.ts';
import { checkGuardSchemas, type SchemaReader } from '../guards/check-guard-schemas.ts';
import { labelWords } from '../labels/label-file.ts';
import { LabelJudge } from '../labels/label-judge.ts';
import type { PolicyRead } from '../labels/read-policy.ts';
import { refuseWithoutPolicy } from '../labels/without-policy.ts';
import type { FieldTables } from '../fields/field-tables.ts';
import { type ExpressionSite, expressionSites } from './expression-sites.ts';
import { type FindingDraft, FindingList } from './finding-list.ts';
import type { Finding } from './findings.ts';
import { sectionsOf } from '../read/sections.ts';
import type { SourceMap } from '../read/source-map.ts';
import { asList, asMap, isMap, own } from '#kit/json-value.ts';
import { nearestName } from '#kit/nearest.ts';
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
  /** The label policy of that name; undefined where there is none. Absent: there is none at all. */
  readonly policies?: { readonly names: readonly string[]; read(name: string): PolicyRead | undefined };
  /** The schemas that guards may name. Absent: there are none. */
  readonly schemas?: SchemaReader;
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
    const named = { functions: [], schemas: [], codecs: [] };
    return { findings: findings.sorted(), named, expressions: [], locate };
  }
  const codecs = codecUses(value, catalog, source.project.schemas, places);
  const named = { ...filesNamed(value, catalog, source.project), codecs };
  const resolved = resolveReferences(value, catalog.stages, source, findings);
  checkReservedWords(value, catalog, findings);
  checkNames(value, catalog, source.project, findings);
  checkCodecFiles(value, catalog, source.project.schemas, findings);
  const sections = sectionsOf(value, catalog, fields);
  const contents = withContents(value, sections, resolved);
  refuseMisplaced(sections, resolved, findings);
  validateSections(contents, sections, resolved, catalog, findings);
  const judged = { value: contents, sections, resolved, catalog, findings, fields };
  checkRoutes(judged);
  checkDescribed(contents, catalog, findings);
  if (!isProbe) checkLoops(judged);
  const policy = policyOf(contents, source, findings);
  const guardSchemas = checkGuardSchemas(contents, source.schemas ?? NO_SCHEMAS, findings);
  const labels = policy?.policy && new LabelJudge(policy.policy, guardSchemas);
  labels?.check(judged);
  const expressions = expressionSites(judged);
  if (findings.hasErrors) {
    return { findings: [...findings.sorted(), ...(policy?.findings ?? [])], named, expressions, locate };
  }
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
      labels,
      resolved,
      readFile: source.readFile,
    }),
    document: {
      file,
      value,
      places: placesToKeep(value, places),
      ...(policy?.file && { policy: policy.file, guardSchemas }),
    },
    findings: findings.sorted(),
  };
}

const NO_SCHEMAS: SchemaReader = { names: [], read: () => undefined };

/** The policy that the file names; undefined where it names none, or none that exists. */
function policyOf(
  value: unknown,
  { policies }: Pick<PipelineSource, 'policies'>,
  findings: FindingList,
): PolicyRead | undefined {
  if (!Object.hasOwn(asMap(value), 'labels')) {
    refuseWithoutPolicy(value, findings);
    return undefined;
  }
  const name = labelWords(value).policy;
  if (name === undefined || findings.hasErrorWithin('/labels')) return undefined;
  const at = isMap(own(asMap(value), 'labels')) ? '/labels/policy' : '/labels';
  const names = policies?.names ?? [];
  const read = policies?.read(name);
  if (read === undefined) {
    const suggestion = nearestName(name, names);
    const expected = names.length === 0 ? `a file schemas/${name}.policy.json` : oneOf(names);
    const write = suggestion ?? `the name of a policy, or the file schemas/${name}.policy.json`;
    findings.add({ code: 'LABEL_POLICY', at, expected, found: shown(name), write, suggestion });
  } else if (read.policy === undefined) {
    const found = `${read.findings.length} in it, below`;
    findings.add({
      code: 'LABEL_POLICY',
      at,
      expected: `no error in schemas/${name}.policy.json`,
      found,
      write: 'the policy anew',
    });
  }
  return read;
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
