import type { Category, Classification } from './category.ts';
import { LabelError } from './label-error.ts';
import { EVERYONE, type LabelValue, LONGEST_LABEL, type Values } from './label-value.ts';
import type { LabelPolicy } from './policy.ts';
import { brokenRule } from './rules.ts';

const MOST_TAGS = 32;
/** Texts that are known: a hot path has few, and a flood of labels must not fill the memory. */
const MOST_KNOWN = 4096;

const POLICY_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;
const TAG = /^[A-Z][A-Z0-9_]{0,15}$/;
const TOKEN = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/;
const ASSIGNED = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

const FORM = 'a label such as 1;p=urn:demo:ops;c=S;REL=GBR,USA';

/** A label as it was on the wire. */
export interface WireLabel {
  readonly label: LabelValue;
  /** When it was assigned, as stated: RFC 3339, in seconds, UTC. */
  readonly assigned: string | undefined;
}

/**
 * Reads labels of one policy. Strict: no blanks, nothing empty, nothing twice, nothing that the policy does not know. Bounded:
 * it remembers some thousands of texts.
 */
export class LabelReader {
  readonly policy: LabelPolicy;
  readonly #known = new Map<string, LabelValue>();

  constructor(policy: LabelPolicy) {
    this.policy = policy;
  }

  /** The label of a header `seclabel`. Throws LabelError. */
  read(text: string): WireLabel {
    const known = this.#known.get(text);
    if (known !== undefined) return { label: known, assigned: undefined };
    const { stated, assigned } = withoutTime(text);
    let label = this.#known.get(stated);
    if (label === undefined) {
      label = this.#parse(stated, text.length);
      if (this.#known.size >= MOST_KNOWN) this.#known.clear();
      this.#known.set(stated, label);
    }
    return { label, assigned };
  }

  /** A label in the pipeline file: without its policy, which is the file's. Throws LabelError. */
  readShort(text: string): LabelValue {
    if (text.startsWith('1;'))
      throw malformed("a label without version and policy, which are the file's", 'one with them');
    const { label, assigned } = this.read(this.policy.prefix + text);
    if (assigned !== undefined) throw malformed('a label without t=', 'one with it');
    return label;
  }

  #parse(text: string, length: number): LabelValue {
    if (length > LONGEST_LABEL) throw malformed(`a label of at most ${LONGEST_LABEL} characters`, `${length}`);
    if (text === '') throw malformed(FORM, 'an empty text');
    const parts = text.split(';');
    if (parts[0] !== '1')
      throw new LabelError('LABEL_VERSION', 'a label of version 1, which begins with 1;p=', 'another text');
    const id = named(parts[1], 'p');
    if (id === undefined || !POLICY_ID.test(id)) throw malformed(FORM, 'no policy after 1;');
    const name = named(parts[2], 'c');
    if (name === undefined || !TOKEN.test(name)) throw malformed(FORM, 'no classification after the policy');
    const stated = statedIn(parts.slice(3));
    if (id !== this.policy.id) {
      throw new LabelError('LABEL_POLICY_UNKNOWN', `a label of policy ${this.policy.id}`, 'one of another policy');
    }
    const classification = this.policy.classifications.get(name);
    if (classification === undefined) {
      const known = [...this.policy.classifications.keys()].join(', ');
      throw new LabelError('LABEL_CLASS_UNKNOWN', `a classification of policy ${id} (${known})`, 'another one');
    }
    return this.#label(classification, stated);
  }

  #label(classification: Classification, stated: ReadonlyMap<string, readonly string[]>): LabelValue {
    const { categories, id } = this.policy;
    const tags = new Set(categories.map(({ tag }) => tag));
    if ([...stated.keys()].some((tag) => !tags.has(tag))) {
      throw new LabelError(
        'LABEL_CATEGORY_UNKNOWN',
        `categories of policy ${id} (${[...tags].join(', ')})`,
        'another one',
      );
    }
    const values = categories.map((category) => valuesOf(category, stated.get(category.tag), classification));
    const label = this.policy.label(classification, values);
    const broken = brokenRule(this.policy, label);
    if (broken !== undefined) throw new LabelError('LABEL_RULE', broken, `a label without that`);
    return label;
  }
}

/** Splits off `;t=`, which takes no part in what a label means. */
function withoutTime(text: string): { readonly stated: string; readonly assigned: string | undefined } {
  const at = text.lastIndexOf(';t=');
  if (at === -1) return { stated: text, assigned: undefined };
  const assigned = text.slice(at + 3);
  if (!isTime(assigned)) throw malformed('a time such as 2026-11-20T18:05:42Z after t=', 'another text');
  return { stated: text.slice(0, at), assigned };
}

function isTime(text: string): boolean {
  if (!ASSIGNED.test(text)) return false;
  const ms = Date.parse(text);
  // Date turns the 30th of February into the 2nd of March.
  return !Number.isNaN(ms) && new Date(ms).toISOString() === text.replace('Z', '.000Z');
}

function statedIn(parts: readonly string[]): ReadonlyMap<string, readonly string[]> {
  if (parts.length > MOST_TAGS) throw malformed(`a label of at most ${MOST_TAGS} categories`, String(parts.length));
  const stated = new Map<string, readonly string[]>();
  for (const part of parts) {
    const [tag = '', list, ...more] = part.split('=');
    if (!TAG.test(tag) || list === undefined || more.length > 0) throw malformed(FORM, 'a part that is no TAG=VALUES');
    if (stated.has(tag)) throw malformed('each category once', 'one that is there twice');
    const values = list.split(',');
    const isWord = list === '*' || list === '!';
    if (!isWord && !values.every((value) => TOKEN.test(value))) throw malformed(FORM, 'a value that is no word');
    if (new Set(values).size < values.length) throw malformed('each value once', 'one that is there twice');
    stated.set(tag, values);
  }
  return stated;
}

function valuesOf(category: Category, stated: readonly string[] | undefined, { id }: Classification): Values {
  const { tag, type } = category;
  if (stated === undefined) return type === 'permissive' ? absentValues(category, id) : [];
  const [first] = stated;
  if (first === '*' || first === '!') {
    if (type !== 'permissive')
      throw malformed(`values of ${tag}`, `${first}, which only a permissive category may have`);
    return first === '*' ? EVERYONE : [];
  }
  return expanded(category, stated);
}

function absentValues(category: Category, classification: string): Values {
  const absent = category.absent(classification);
  if (absent === 'everyone') return EVERYONE;
  if (absent === 'nobody') return [];
  if (absent === 'invalid') throw new LabelError('LABEL_CATEGORY_REQUIRED', `the category ${category.tag}`, 'none');
  return expanded(category, absent);
}

function expanded({ tag, values, groups }: Category, stated: readonly string[]): readonly string[] {
  const all = new Set<string>();
  for (const value of stated) {
    const members = groups.get(value) ?? (values.has(value) ? [value] : undefined);
    if (members === undefined)
      throw new LabelError('LABEL_VALUE_UNKNOWN', `values of ${tag} that the policy has`, 'another one');
    for (const member of members) all.add(member);
  }
  return [...all].toSorted();
}

/** The text behind `NAME=`. */
function named(part: string | undefined, name: string): string | undefined {
  return part?.startsWith(`${name}=`) === true ? part.slice(name.length + 1) : undefined;
}

function malformed(expected: string, found: string): LabelError {
  return new LabelError('LABEL_MALFORMED', expected, found);
}
