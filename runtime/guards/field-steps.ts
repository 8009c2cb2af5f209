import { isMap } from '#kit/json-value.ts';
import { folded } from './folded-text.ts';
import type { FieldStepSpec } from './guard-spec.ts';
import { Refusal, type Stepped } from './step.ts';

export interface FieldStep {
  readonly name: string;
  /** Returns a new value; the given one stays. Throws Refusal. */
  run(value: unknown): Stepped;
}

export function fieldStep(spec: FieldStepSpec): FieldStep {
  switch (spec.kind) {
    case 'allowFields': {
      const tree = treeOf(spec.fields);
      return { name: spec.kind, run: (value) => allowed(value, tree) };
    }
    case 'round':
      return { name: spec.kind, run: (value) => eachOf(value, spec.fields, (one) => rounded(one, spec.decimals)) };
    case 'time':
      return { name: spec.kind, run: (value) => eachOf(value, spec.fields, (one) => truncated(one, spec.truncateMs)) };
    case 'denyPatterns': {
      const words = spec.words.map(folded);
      return { name: spec.kind, run: (value) => withoutWords(value, words) };
    }
  }
}

interface Tree {
  readonly [name: string]: Tree | true;
}

/** `position.latitude` allows that field alone, `position` all beneath it. A list is passed through. */
function treeOf(paths: readonly string[]): Tree {
  const root: Record<string, Tree | true> = {};
  for (const path of paths) {
    let at = root;
    const names = path.split('.');
    for (const [index, name] of names.entries()) {
      const known = at[name];
      if (known === true) break;
      if (index === names.length - 1) at[name] = true;
      else at = at[name] = known === undefined ? {} : { ...known };
    }
  }
  return root;
}

function allowed(value: unknown, tree: Tree | true): Stepped {
  if (tree === true) return { value, changed: 0 };
  if (Array.isArray(value)) return inList(value, (item) => allowed(item, tree));
  if (!isMap(value)) return { value, changed: 0 };
  const left: Record<string, unknown> = {};
  let changed = 0;
  for (const [name, member] of Object.entries(value)) {
    const beneath = Object.hasOwn(tree, name) ? tree[name] : undefined;
    if (beneath === undefined) {
      changed += 1;
      continue;
    }
    const kept = allowed(member, beneath);
    left[name] = kept.value;
    changed += kept.changed;
  }
  return { value: left, changed };
}

function eachOf(value: unknown, paths: readonly string[], change: (value: unknown) => unknown): Stepped {
  let stepped: Stepped = { value, changed: 0 };
  for (const path of paths) {
    const next = atPath(stepped.value, path.split('.'), change);
    stepped = { value: next.value, changed: stepped.changed + next.changed };
  }
  return stepped;
}

/** A field that is not there is none to change: the schema says which ones must be. */
function atPath(value: unknown, [name, ...rest]: readonly string[], change: (value: unknown) => unknown): Stepped {
  if (Array.isArray(value))
    return inList(value, (item) => atPath(item, name === undefined ? [] : [name, ...rest], change));
  if (name === undefined) {
    const changed = change(value);
    return { value: changed, changed: changed === value ? 0 : 1 };
  }
  if (!isMap(value) || !Object.hasOwn(value, name)) return { value, changed: 0 };
  const next = atPath(value[name], rest, change);
  return { value: { ...value, [name]: next.value }, changed: next.changed };
}

function inList(list: readonly unknown[], step: (item: unknown) => Stepped): Stepped {
  const items = list.map(step);
  return { value: items.map(({ value }) => value), changed: items.reduce((sum, { changed }) => sum + changed, 0) };
}

function rounded(value: unknown, decimals: number): number {
  if (typeof value !== 'number') throw new Refusal('no-number');
  // toFixed writes numbers from 1e21 on with an exponent; they have no decimals.
  const result = Number(value.toFixed(decimals)) + 0;
  if (!Number.isFinite(result)) throw new Refusal('no-number');
  return result;
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/** The last multiple of the step before a time, counted from 1970 (UTC), always in the one form `2026-11-28T10:15:00Z`. */
function truncated(value: unknown, stepMs: number): string {
  const ms = typeof value === 'string' && TIME.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw new Refusal('no-time');
  const text = new Date(Math.floor(ms / stepMs) * stepMs).toISOString();
  return stepMs % 1000 === 0 ? text.replace(/\.000Z$/, 'Z') : text;
}

/** Refuses a value that holds one of the words, in a text or in a name, whatever stands around it. */
function withoutWords(value: unknown, words: readonly string[]): Stepped {
  const look = (one: unknown): void => {
    if (typeof one === 'string') {
      const text = folded(one);
      if (words.some((word) => text.includes(word))) throw new Refusal('denied-word');
    } else if (Array.isArray(one)) one.forEach(look);
    else if (isMap(one)) {
      for (const [name, member] of Object.entries(one)) {
        look(name);
        look(member);
      }
    }
  };
  look(value);
  return { value, changed: 0 };
}
