import { isMap, own } from '#kit/json-value.ts';
import { nearestName } from '#kit/nearest.ts';
import { pointerTo } from '#kit/pointer.ts';
import type { FindingList } from '../check/finding-list.ts';
import { checkGuardPaths } from './check-guard-paths.ts';
import { guardsIn } from './guard-file.ts';
import { type OpenPlace, openPlaces } from './closed-schema.ts';

const MOST_SHOWN = 3;

/** The schemas of a project by name; undefined where there is none, or no JSON. */
export interface SchemaReader {
  readonly names: readonly string[];
  read(name: string): unknown;
}

/** Refuses guards whose schemas let anything pass that nobody has listed. Yields the schemas of all guards by name. */
export function checkGuardSchemas(
  file: unknown,
  schemas: SchemaReader,
  findings: FindingList,
): Readonly<Record<string, unknown>> {
  const read: Record<string, unknown> = {};
  for (const [guardName, guard] of guardsIn(file)) {
    for (const side of ['in', 'out'] as const) {
      const name = own(guard, side);
      const at = pointerTo('/guards', guardName, side);
      if (typeof name !== 'string' || findings.isClaimed(at)) continue;
      if (!schemas.names.includes(name)) {
        const suggestion = nearestName(name, schemas.names);
        findings.add({
          code: 'UNKNOWN_SCHEMA',
          at,
          expected: `schemas/${name}.json in the project`,
          found: 'no such file',
          write: suggestion ?? `the file schemas/${name}.json`,
          suggestion,
        });
        continue;
      }
      const schema = schemas.read(name);
      if (schema === undefined) continue;
      read[name] = schema;
      report(at, name, side, guard, openPlaces(schema), findings);
    }
    const of = (side: 'in' | 'out'): unknown => own(read, String(own(guard, side)));
    checkGuardPaths(pointerTo('/guards', guardName), guard, { in: of('in'), out: of('out') }, findings);
  }
  return read;
}

function report(
  at: string,
  name: string,
  side: 'in' | 'out',
  guard: Readonly<Record<string, unknown>>,
  places: readonly OpenPlace[],
  findings: FindingList,
): void {
  const open = places.filter(({ isFreeText }) => !isFreeText);
  if (open.length > 0) {
    const expected = `a closed schema: no value fits schemas/${name}.json that it does not list or bound`;
    findings.add({
      code: 'GUARD_OPEN_SCHEMA',
      at,
      expected,
      found: shown(open),
      write: 'the bound at each of these places',
    });
  }
  // What comes as free text cannot leave: what leaves is judged by the other schema.
  const free = side === 'out' ? places.filter(({ isFreeText }) => isFreeText) : [];
  const approval = own(guard, 'approval');
  const isApproved = isMap(approval) && own(approval, 'when') === undefined;
  if (free.length === 0 || isApproved) return;
  const expected = 'no free text in what leaves, or an approval of each message: no program can judge a text';
  findings.add({
    code: 'GUARD_FREE_TEXT',
    at,
    expected,
    found: shown(free),
    write: 'a pattern or an enum there, or approval without when',
  });
}

function shown(places: readonly OpenPlace[]): string {
  const some = places.slice(0, MOST_SHOWN).map(({ at, why }) => `${at === '' ? '/' : at}: ${why}`);
  const more = places.length - some.length;
  return some.join('; ') + (more > 0 ? `; and ${more} more` : '');
}
