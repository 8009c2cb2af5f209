import { type CheckResult, judgeDocument, type PipelineSource } from '../project/check/check-pipeline.ts';
import { asMap, isMap, own } from '#kit/json-value.ts';
import { type ParsedDocument, parseYaml } from '../project/read/yaml-document.ts';

/** The one route of a verify document, as the bridge's own checker sees it. */
export const VERIFY_ROUTE = 'verify';

/** Both ends of a check in the words of a pipeline file: `in` is where the bridge reads, `out` where it writes. */
export interface VerifyDocument {
  readonly name: string;
  readonly buses: unknown;
  /** Template by which the bridge finds a message's key: there the checker puts it. Default `{key}`. */
  readonly key?: string;
  /** Words of a sink: the checker writes there. */
  readonly in: unknown;
  /** Words of a source: the checker reads there. */
  readonly out: unknown;
}

const FIELDS = ['name', 'buses', 'key', 'in', 'out'];

/** The paths of a verify document's ends in the route that is made of it. */
const MOVES = [
  ['/out', '/routes/0/from'],
  ['/in', '/routes/0/to'],
] as const;

/** Whether the file is a verify document and no pipeline: it has ends where a pipeline has routes. */
export function isVerifyText(text: string): boolean {
  const map = asMap(parseYaml(text).value);
  return own(map, 'routes') === undefined && (own(map, 'in') !== undefined || own(map, 'out') !== undefined);
}

/** Judges a verify file as a pipeline file is judged: places are those of the file. */
export function checkVerifyText(source: PipelineSource): CheckResult & { readonly key: string } {
  const parsed = parseYaml(source.text);
  const map = asMap(parsed.value);
  const key = own(map, 'key');
  return {
    ...judgeDocument({ ...turned(parsed.value), ...rest(parsed) }, source, true),
    key: typeof key === 'string' ? key : '{key}',
  };
}

/** The same of a document that no file holds. */
export function checkVerifyDocument(
  document: VerifyDocument,
  source: Omit<PipelineSource, 'text'>,
): CheckResult & { readonly key: string } {
  return checkVerifyText({ ...source, text: JSON.stringify(document) });
}

function rest({ places, flaws, readable }: ParsedDocument): Omit<ParsedDocument, 'value'> {
  return { places: places.moved(MOVES), flaws, readable };
}

/** A route that reads where the bridge writes and writes where it reads. */
function turned(value: unknown): { readonly value: unknown } {
  if (!isMap(value)) return { value };
  const map = value;
  const others = Object.fromEntries(Object.entries(map).filter(([word]) => !FIELDS.includes(word)));
  const from = own(map, 'out');
  return {
    value: {
      ...others,
      name: own(map, 'name') ?? 'verify',
      buses: own(map, 'buses'),
      routes: [
        {
          name: VERIFY_ROUTE,
          // The checker has a key of its own for every message: `{key}` in the address of `in` is always there.
          from: isMap(from) ? { key: '{body.mark.key}', ...from } : from,
          to: own(map, 'in'),
        },
      ],
    },
  };
}
