import { normalize } from 'node:path';
import { asList, asMap, isMap, own, type PlainMap } from '#kit/json-value.ts';
import { isReserved } from '#contract/frame.ts';
import { pointerTo } from '#kit/pointer.ts';
import { messageOf } from '#contract/errors.ts';
import { approverKey, keyText } from '../../guards/approval.ts';
import { folded, wordsIn } from '../../guards/folded-text.ts';
import type { LabelValue } from '../../labels/label-value.ts';
import { dominates } from '../../labels/lattice.ts';
import { shortOf } from '../../labels/route-labels.ts';
import { parseTemplate } from '../../template/template.ts';
import { shown } from '../check/describe.ts';
import type { FindingDraft } from '../check/finding-list.ts';
import { STEP_ORDER, WHEN } from '../fields/guard-fields.ts';
import type { JudgedFile } from '../read/ends.ts';
import { sinkPlaces } from '../read/sink-places.ts';
import { guardsIn, guardStages } from './guard-file.ts';

/** The labels of a guard; undefined where one is none. */
interface Judged {
  readonly max: LabelValue | undefined;
  readonly emit: LabelValue | undefined;
  readonly hasKey: boolean;
  /** Names of those that leave. */
  readonly headers: ReadonlySet<string>;
}

/** What the check of labels knows. */
interface Labels {
  /** The label that stands at this place; undefined, with its finding, where it is none. */
  label(at: string, written: unknown): LabelValue | undefined;
  hasClass(name: string): boolean;
}

/** Checks the guards of a file, and yields those of its routes. */
export class GuardChecks {
  readonly #file: JudgedFile;
  readonly #guards: ReadonlyMap<string, Judged>;

  constructor(file: JudgedFile, labels: Labels) {
    this.#file = file;
    this.#guards = new Map([...guardsIn(file.value)].map(([name, guard]) => [name, this.#judged(name, guard, labels)]));
    this.#auditFiles();
  }

  /** Two guards that write one file would each stop at the lines of the other. */
  #auditFiles(): void {
    const first = new Map<unknown, string>();
    for (const [name, guard] of guardsIn(this.#file.value)) {
      const written = own(guard, 'audit');
      const path = typeof written === 'string' ? normalize(written) : undefined;
      const twin = first.get(path);
      first.set(path, twin ?? name);
      if (twin === undefined || path === undefined) continue;
      const at = pointerTo('/guards', name, 'audit');
      const expected = 'a file that no other guard writes';
      this.#add({ code: 'WRONG_VALUE', at, expected, found: `that of ${twin}`, write: `audit/${name}.jsonl` });
    }
  }

  /** The guard of the route, with the label of all that leaves it, if that is known; undefined where the route has none. */
  released(routeAt: string, route: PlainMap, ceiling: LabelValue | undefined): Pick<Judged, 'emit'> | undefined {
    const stages = guardStages(route);
    const [first, ...more] = stages;
    if (first === undefined) return undefined;
    const at = pointerTo(routeAt, 'stages', first.position, 'guard');
    for (const { position, name } of more) {
      const found = name === first.name ? `${name} a second time` : `${first.name} and ${name}`;
      const place = pointerTo(routeAt, 'stages', position, 'guard');
      this.#add({
        code: 'GUARD_PLACE',
        at: place,
        expected: 'one guard on the path',
        found,
        write: 'nothing: remove it',
      });
    }
    const guard = this.#guards.get(first.name);
    if (guard === undefined) {
      const names = [...this.#guards.keys()].join(', ');
      const expected = names === '' ? 'a guard under guards' : `one of ${names}`;
      this.#add({
        code: 'UNKNOWN_GUARD',
        at,
        expected,
        found: first.name,
        write: `a guard ${first.name} under guards`,
      });
      return { emit: undefined };
    }
    if (guard.max !== undefined && ceiling !== undefined && !dominates(ceiling, guard.max)) {
      const expected = `a guard that accepts at most ${shortOf(ceiling)}, the ceiling of the source`;
      this.#add({ code: 'LABEL_POLICY', at, expected, found: shortOf(guard.max), write: 'a lower accept: { max }' });
    }
    this.#stagesBehind(routeAt, route, first.position);
    for (const { at: sinkAt, to } of sinkPlaces(routeAt, route)) this.#sink(sinkAt, asMap(to), guard);
    return guard;
  }

  #judged(name: string, guard: PlainMap, labels: Labels): Judged {
    const at = pointerTo('/guards', name);
    const accept = asMap(own(guard, 'accept'));
    const max = labels.label(pointerTo(at, 'accept', 'max'), own(accept, 'max'));
    const min = labels.label(pointerTo(at, 'accept', 'min'), own(accept, 'min'));
    const emit = labels.label(pointerTo(at, 'emit'), own(guard, 'emit'));
    if (max !== undefined && min !== undefined && !dominates(max, min)) {
      const expected = `a label that ${shortOf(max)} dominates`;
      this.#add({
        code: 'LABEL_POLICY',
        at: pointerTo(at, 'accept', 'min'),
        expected,
        found: shortOf(min),
        write: 'a lower min',
      });
    }
    this.#steps(pointerTo(at, 'steps'), asList(own(guard, 'steps')));
    const headers = new Set(Object.keys(asMap(own(guard, 'headers'))));
    for (const header of headers) {
      if (!isReserved(header)) continue;
      const expected = 'a header that is not of the runtime';
      this.#add({
        code: 'RESERVED_HEADER',
        at: pointerTo(at, 'headers', header),
        side: 'key',
        expected,
        found: header,
        write: 'another name, or nothing',
      });
    }
    this.#approval(pointerTo(at, 'approval'), asMap(own(guard, 'approval')), labels);
    return { max, emit, hasKey: own(guard, 'key') !== undefined, headers };
  }

  #steps(at: string, steps: readonly unknown[]): void {
    let last = -1;
    for (const [index, step] of steps.entries()) {
      const [kind = ''] = Object.keys(asMap(step));
      const place = STEP_ORDER.indexOf(kind);
      if (place === -1) continue;
      const isOnce = kind === 'decode' || kind === 'rate' || kind === 'allowFields';
      if (place < last || (place === last && isOnce)) {
        const expected = `steps in the order ${STEP_ORDER.join(', ')}${isOnce ? `, and one ${kind}` : ''}`;
        const found = `${kind} behind ${STEP_ORDER[last] ?? ''}`;
        this.#add({ code: 'GUARD_PLACE', at: pointerTo(at, index), expected, found, write: 'it at its place' });
      }
      last = Math.max(last, place);
      if (kind === 'denyPatterns') this.#words(pointerTo(at, index, kind), own(asMap(step), kind));
    }
  }

  /** A list that finds nothing looks like one that found nothing. */
  #words(at: string, text: unknown): void {
    const reference = this.#file.resolved.get(at);
    if (typeof text !== 'string' || (reference !== undefined && reference.text === undefined)) return;
    const words = wordsIn(text);
    const empty = words.find((word) => folded(word) === '');
    const isReadable = !/[\ufffd\0]/.test(text);
    if (words.length > 0 && empty === undefined && isReadable) return;
    const expected = 'words, one a line, in UTF-8';
    const found = isReadable ? (empty === undefined ? 'none' : 'a word of marks that nobody sees') : 'another encoding';
    this.#add({ code: 'WRONG_VALUE', at, expected, found, write: 'file:guards/dirty-words.txt' });
  }

  #approval(at: string, approval: PlainMap, labels: Labels): void {
    const when = own(approval, 'when');
    const [, , name] = typeof when === 'string' ? (WHEN.exec(when) ?? []) : [];
    if (name !== undefined && !labels.hasClass(name)) {
      this.#add({
        code: 'LABEL_POLICY',
        at: pointerTo(at, 'when'),
        expected: 'a classification of the policy',
        found: name,
        write: "label.class == 'S'",
      });
    }
    const keys = new Map<string, string>();
    const by = asMap(own(approval, 'by'));
    for (const [principal, text] of Object.entries(by)) {
      const place = pointerTo(at, 'by', principal);
      const reference = this.#file.resolved.get(place);
      if (typeof text !== 'string' || (reference !== undefined && reference.text === undefined)) continue;
      try {
        const key = keyText(approverKey(text));
        const twin = keys.get(key);
        if (twin !== undefined) {
          this.#add({
            code: 'WRONG_VALUE',
            at: place,
            expected: 'a key of their own',
            found: `the key of ${twin}`,
            write: 'another key',
          });
        }
        keys.set(key, principal);
      } catch (thrown) {
        const expected = 'a public key of Ed25519, as PEM or as base64 of DER';
        this.#add({
          code: 'WRONG_VALUE',
          at: place,
          expected,
          found: messageOf(thrown),
          write: `file:guards/${principal}.pub`,
        });
      }
    }
    const count = own(approval, 'count') ?? 2;
    if (isMap(own(approval, 'by')) && typeof count === 'number' && count > Object.keys(by).length) {
      const expected = `at least ${count} principals, for each is counted once`;
      this.#add({
        code: 'OPTIONS_CONFLICT',
        at: pointerTo(at, 'by'),
        expected,
        found: `${Object.keys(by).length}`,
        write: 'another principal',
      });
    }
  }

  /** What leaves is what the guard wrote: nothing behind it may change that. */
  #stagesBehind(routeAt: string, route: PlainMap, guardAt: number): void {
    for (const [position, stage] of asList(own(route, 'stages')).entries()) {
      if (position <= guardAt) continue;
      const verb = Object.keys(asMap(stage)).find((key) => this.#file.catalog.stages.has(key));
      const kind = verb === undefined ? undefined : this.#file.catalog.stages.get(verb);
      if (verb === undefined || verb === 'guard' || kind?.changesBody !== true) continue;
      const expected = 'a guard as the last stage that changes the body: what leaves is what it released';
      this.#add({
        code: 'GUARD_PLACE',
        at: pointerTo(routeAt, 'stages', position, verb),
        side: 'key',
        expected,
        found: `${verb} behind it`,
        write: `${verb} before the guard`,
      });
    }
  }

  /** Behind a guard a message has neither the address nor the key that it came with. */
  #sink(sinkAt: string, to: PlainMap, { hasKey, headers }: Judged): void {
    const codec = own(to, 'codec');
    if (codec !== undefined && codec !== 'json') {
      const at = pointerTo(sinkAt, 'codec');
      this.#add({
        code: 'GUARD_PLACE',
        at,
        expected: 'json, which a guard writes',
        found: shown(codec),
        write: 'nothing: remove codec',
      });
    }
    const set = asMap(own(asMap(own(to, 'headers')), 'set'));
    const texts = [
      ...Object.entries(to).map(([word, value]) => [pointerTo(sinkAt, word), value] as const),
      ...Object.entries(set).map(([name, value]) => [pointerTo(sinkAt, 'headers', 'set', name), value] as const),
    ];
    for (const [at, value] of texts) {
      const parsed = typeof value === 'string' ? parseTemplate(value) : { flaw: undefined };
      for (const part of 'parts' in parsed ? parsed.parts : []) {
        if (typeof part === 'string') continue;
        const isOfSource = part.kind === 'level' || part.kind === 'rest';
        const isDropped = part.kind === 'header' && !headers.has(part.name);
        if (!isOfSource && !isDropped && !(part.kind === 'key' && !hasKey)) continue;
        const expected = isDropped
          ? 'a header that the guard names under headers: every other one is dropped'
          : 'a part of what the guard released: {body.NAME}, or {key} where the guard names its key';
        this.#add({ code: 'GUARD_PLACE', at, expected, found: part.written, write: hasKey ? '{key}' : '{body.NAME}' });
      }
    }
  }

  #add(draft: FindingDraft): void {
    if (!this.#file.findings.isClaimed(draft.at)) this.#file.findings.add(draft);
  }
}
