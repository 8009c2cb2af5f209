import type { NamedFile, StageFlaw } from '#contract/stage-kind.ts';
import { asMap, own } from '#kit/json-value.ts';
import { nearestName } from '#kit/nearest.ts';
import { listOf, upcastsOf } from './version-list.ts';

type Written = Readonly<Record<string, unknown>>;

/** The schemas and functions that a stage with several schemas names. */
export function versionFiles({ validate, upcast }: Written): readonly NamedFile[] {
  const all = listOf(validate);
  const schemas = all.map((name, index): NamedFile => ({ kind: 'schema', name, path: ['validate', 'of', index] }));
  const functions = upcastsOf(all, upcast).map(({ function: name, path, from, to }): NamedFile => ({
    kind: 'function',
    name,
    path: ['upcast', ...path],
    between: { before: [from], after: [to] },
  }));
  return [...schemas, ...functions];
}

/** Lists and upcasts that do not fit one another. */
export function versionFlaws({ validate, upcast }: Written): readonly StageFlaw[] {
  const all = listOf(validate);
  const twice = all.flatMap((name, index) =>
    all.indexOf(name) === index
      ? []
      : [{ ...list(index), expected: 'each schema once', found: `${name} again`, write: `nothing: remove ${name}` }],
  );
  if (upcast === undefined) return twice;
  const wrong = Object.keys(asMap(upcast)).flatMap((from) => entryFlaws(from, all, own(asMap(upcast), from)));
  const missing = all
    .slice(0, -1)
    .filter((name) => own(asMap(upcast), name) === undefined)
    .map((name) => ({
      option: 'upcast',
      expected: `an upcast of each schema but ${all.at(-1)}`,
      found: `none of ${name}`,
      write: `${name}: FUNCTION`,
    }));
  return [...twice, ...wrong, ...missing];
}

function list(index: number): Pick<StageFlaw, 'option' | 'path'> {
  return { option: 'validate', path: ['of', index] };
}

function entryFlaws(from: string, all: readonly string[], value: unknown): readonly StageFlaw[] {
  const place = { option: 'upcast', path: [from] };
  const last = all.at(-1);
  if (!all.includes(from)) {
    const near = nearestName(from, all);
    const write = near === undefined ? `${from} in of, or nothing: remove it` : `${near}: ...`;
    return [{ ...place, expected: `a schema of the list: ${all.join(', ')}`, found: from, write }];
  }
  if (from === last) {
    const expected = `no upcast of ${last}, the last of the list, to which all others lead`;
    return [{ ...place, expected, found: from, write: `nothing: remove ${from}, or move it forward in of` }];
  }
  const to = own(asMap(value), 'to');
  const later = all.slice(all.indexOf(from) + 1);
  if (typeof to !== 'string' || later.includes(to)) return [];
  const expected = `a schema behind ${from} in the list: ${later.join(', ')}`;
  return [{ option: 'upcast', path: [from, 'to'], expected, found: to, write: `to: ${later.at(-1)}` }];
}
