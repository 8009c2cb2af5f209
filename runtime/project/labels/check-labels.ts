import { asMap, own, type PlainMap } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';
import { shortened } from '#kit/shortened.ts';
import { messageOf } from '#contract/errors.ts';
import { bindingKey } from '../../labels/binding-key.ts';
import { LabelError } from '../../labels/label-error.ts';
import type { LabelValue } from '../../labels/label-value.ts';
import { dominates } from '../../labels/lattice.ts';
import { shortOf } from '../../labels/route-labels.ts';
import type { LabelReader } from '../../labels/wire-label.ts';
import { GuardChecks } from '../guards/check-guards.ts';
import { type JudgedFile, judgedEnd } from '../read/ends.ts';
import { sinkPlaces } from '../read/sink-places.ts';
import { labelWords, routesOf, textOf } from './label-file.ts';

/** Of a label that is none, in the text of its finding. */
const MOST_SHOWN = 60;

interface Range {
  readonly ceiling: LabelValue | undefined;
  readonly floor: LabelValue | undefined;
}

/**
 * Certifies the flows of a file before it runs (Denning 1976): for each route, the highest label that can reach each place where
 * its messages lie, against the ceiling of that place.
 */
export function checkLabels(file: JudgedFile, reader: LabelReader): void {
  const words = labelWords(file.value);
  const labels = new FileLabels(file, reader);
  const ranges = labels.ranges();
  const state = labels.label('/labels/state', words.state);
  const telemetry = labels.label('/labels/telemetry', words.telemetry);
  const guards = new GuardChecks(file, {
    label: (at, written) => labels.label(at, written),
    hasClass: (name) => reader.policy.classifications.has(name),
  });
  for (const [index, route] of routesOf(file.value).entries()) {
    labels.route(pointerTo('/routes', index), asMap(route), ranges, { state, telemetry, guards });
  }
}

class FileLabels {
  readonly #file: JudgedFile;
  readonly #reader: LabelReader;

  constructor(file: JudgedFile, reader: LabelReader) {
    this.#file = file;
    this.#reader = reader;
  }

  /** A label that stands at this place; undefined, with its finding, where it is none. `others`: what else may stand there. */
  label(at: string, written: unknown, others = ''): LabelValue | undefined {
    const text = textOf(written);
    const { findings, resolved } = this.#file;
    if (text === undefined || findings.isClaimed(at)) return undefined;
    const reference = resolved.get(at);
    if (reference !== undefined && reference.text === undefined) return undefined;
    try {
      return this.#reader.readShort(text);
    } catch (thrown) {
      if (!(thrown instanceof LabelError)) throw thrown;
      const { expected } = thrown;
      // The text of a reference may be a secret.
      const found =
        reference === undefined && text !== '' ? `${thrown.found} in ${shortened(text, MOST_SHOWN)}` : thrown.found;
      const [example = ''] = this.#reader.policy.classifications.keys();
      findings.add({
        code: 'LABEL_POLICY',
        at,
        expected: others + expected,
        found,
        write: `${others}a label of the policy, such as ${example}`,
      });
      return undefined;
    }
  }

  ranges(): ReadonlyMap<string, Range> {
    const { value, findings } = this.#file;
    const ranges = new Map<string, Range>();
    for (const [name, connection] of Object.entries(asMap(own(asMap(value), 'buses')))) {
      const at = pointerTo('/buses', name);
      const { ceiling: written, floor: least } = asMap(connection);
      const ceilingAt = pointerTo(at, 'ceiling');
      if (written === undefined && !findings.isClaimed(at)) {
        const expected = 'ceiling: the highest label that the bus may hold';
        findings.add({ code: 'LABEL_POLICY', at: ceilingAt, expected, found: 'none', write: 'ceiling: LABEL' });
      }
      const ceiling = this.label(ceilingAt, written);
      const floor = this.label(pointerTo(at, 'floor'), least);
      if (ceiling !== undefined && floor !== undefined && !dominates(ceiling, floor)) {
        const expected = `a floor that the ceiling ${shortOf(ceiling)} dominates`;
        findings.add({
          code: 'LABEL_POLICY',
          at: pointerTo(at, 'floor'),
          expected,
          found: shortOf(floor),
          write: 'a lower floor',
        });
      }
      ranges.set(name, { ceiling, floor });
    }
    return ranges;
  }

  route(
    at: string,
    route: PlainMap,
    ranges: ReadonlyMap<string, Range>,
    bounds: {
      readonly state: LabelValue | undefined;
      readonly telemetry: LabelValue | undefined;
      readonly guards: GuardChecks;
    },
  ): void {
    const from = asMap(own(route, 'from'));
    const source = textOf(own(from, 'bus')) ?? '';
    const range = ranges.get(source);
    this.#missingLabel(pointerTo(at, 'from'), from, range);
    this.#keys(at, route);
    const highest = range?.ceiling;
    // Behind a guard every message has its label.
    const released = bounds.guards.released(at, route, highest);
    if (highest === undefined) return;
    const flow = { at, name: String(own(route, 'name')), source, highest };
    const lettersAt = pointerTo(at, 'deadLetter');
    const places = [...sinkPlaces(at, route), { at: lettersAt, to: own(route, 'deadLetter') }];
    for (const { at: sinkAt, to } of places) {
      const sink = textOf(own(asMap(to), 'bus'));
      if (sink === undefined) continue;
      const sent = sinkAt === lettersAt || released === undefined ? highest : released.emit;
      const place = { at: pointerTo(sinkAt, 'bus'), name: sink, ceiling: ranges.get(sink)?.ceiling };
      if (sent !== undefined) this.#flow({ ...flow, highest: sent }, place);
      this.#writable(sinkAt, to, sink);
    }
    const { state, telemetry } = bounds;
    this.#flow(flow, { at: '/labels/state', name: 'the state folder', ceiling: state });
    this.#flow(flow, { at: '/labels/telemetry', name: 'logs, metrics and traces', ceiling: telemetry });
  }

  #missingLabel(at: string, from: PlainMap, range: Range | undefined): void {
    const { findings } = this.#file;
    const labelAt = pointerTo(at, 'missingLabel');
    const written = textOf(own(from, 'missingLabel'));
    if (written === undefined || written === 'reject') return this.#readable(at, from);
    if (this.#reader.policy.missing === 'reject') {
      const expected = 'missingLabel: reject, for the policy says missing: reject';
      findings.add({
        code: 'LABEL_POLICY',
        at: labelAt,
        expected,
        found: written,
        write: 'nothing: remove missingLabel',
      });
      return;
    }
    const label = this.label(labelAt, written, 'reject, or ');
    if (label === undefined || range === undefined) return;
    const { ceiling, floor } = range;
    const isAbove = ceiling !== undefined && !dominates(ceiling, label);
    const isBelow = floor !== undefined && !dominates(label, floor);
    if (!isAbove && !isBelow) return;
    const expected = isAbove ? `at most the ceiling of its connection` : `at least the floor of its connection`;
    findings.add({ code: 'LABEL_POLICY', at: labelAt, expected, found: shortOf(label), write: 'a label in between' });
  }

  /** Keys that are no keys of their algorithm. Nothing of a key is told. */
  #keys(at: string, route: PlainMap): void {
    const keysAt = pointerTo(at, 'from', 'binding', 'keys');
    const keys = asMap(own(asMap(own(asMap(own(route, 'from')), 'binding')), 'keys'));
    for (const [kid, key] of Object.entries(keys)) this.#key(pointerTo(keysAt, kid), key, 'verify');
    this.#notOfEvents(pointerTo(at, 'from'), own(route, 'from'), 'binding');
    for (const { at: sinkAt, to } of sinkPlaces(at, route)) {
      const sign = own(asMap(to), 'sign');
      if (sign !== undefined) this.#key(pointerTo(sinkAt, 'sign'), sign, 'sign');
      this.#notOfEvents(sinkAt, to, 'sign');
    }
  }

  /** A binding is of the bytes on the wire, which an event is not read and written as. */
  #notOfEvents(at: string, end: unknown, word: 'binding' | 'sign'): void {
    const isEvent = own(asMap(end), 'cloudevents') !== undefined;
    if (!isEvent || own(asMap(end), word) === undefined) return;
    const expected = `no cloudevents beside ${word}`;
    const write = `nothing: remove ${word}, or cloudevents`;
    this.#file.findings.add({
      code: 'OPTIONS_CONFLICT',
      at: pointerTo(at, word),
      side: 'key',
      expected,
      found: 'both',
      write,
    });
  }

  #key(at: string, written: unknown, use: 'sign' | 'verify'): void {
    const { findings, resolved } = this.#file;
    const { alg, key } = asMap(written);
    const keyAt = pointerTo(at, 'key');
    const reference = resolved.get(keyAt);
    if (typeof key === 'string' && reference === undefined && !findings.hasErrorWithin(at)) {
      const expected = 'a key by reference: a pipeline file is no place for it';
      findings.add({
        code: 'LABEL_POLICY',
        at: keyAt,
        expected,
        found: 'its text',
        write: 'key: file:PATH, or env:NAME',
      });
      return;
    }
    if (
      typeof key !== 'string' ||
      findings.hasErrorWithin(at) ||
      (reference !== undefined && reference.text === undefined)
    )
      return;
    try {
      bindingKey(alg === 'HS256' ? 'HS256' : 'EdDSA', key, use);
    } catch (thrown) {
      const [expected = '', found = ''] = messageOf(thrown)
        .replace(/^expected /, '')
        .split(', found ');
      findings.add({ code: 'LABEL_POLICY', at: keyAt, expected, found, write: 'key: file:PATH of such a key' });
    }
  }

  /** A source whose messages have no headers: each of them lacks a label. */
  #readable(at: string, from: unknown): void {
    const { findings } = this.#file;
    const end = judgedEnd(at, 'from', this.#file);
    if (
      end === undefined ||
      findings.isClaimed(at) ||
      end.bus.sourceGuarantees(end).carriesHeaders ||
      isStructured(from)
    )
      return;
    findings.add({
      code: 'LABEL_POLICY',
      at: pointerTo(at, 'bus'),
      expected: 'missingLabel: the label of messages that have no headers',
      found: `none, so that every message of this ${end.bus.name} source would be blocked`,
      write: 'missingLabel: LABEL',
    });
  }

  #writable(at: string, to: unknown, name: string): void {
    const end = judgedEnd(at, 'to', this.#file);
    if (end === undefined || end.bus.sinkGuarantees(end).carriesHeaders || isStructured(to)) return;
    this.#file.findings.add({
      code: 'LABEL_UNWRITABLE',
      at: pointerTo(at, 'bus'),
      expected: 'a sink that can carry a label',
      found: `${name}, whose messages have no headers`,
      write:
        end.bus.name === 'mqtt'
          ? 'protocol: "5" in the connection, or cloudevents: structured'
          : 'cloudevents: structured',
    });
  }

  #flow(
    {
      name,
      source,
      highest,
      at,
    }: { readonly at: string; readonly name: string; readonly source: string; readonly highest: LabelValue },
    to: { readonly at: string; readonly name: string; readonly ceiling: LabelValue | undefined },
  ): void {
    const { findings } = this.#file;
    if (to.ceiling === undefined || dominates(to.ceiling, highest)) return;
    findings.add({
      code: 'LABEL_FLOW',
      at: to.at,
      expected: `a place that may hold ${shortOf(highest)}, the highest label that can get there`,
      found: `${to.name}, at most ${shortOf(to.ceiling)} (route ${name}, ${findings.placeOf(at)}: ${source} -> ${to.name})`,
      write: `a guard on the route, another place, or a lower ceiling of ${source}`,
    });
  }
}

/** A CloudEvent in structured mode holds its label in the body. */
function isStructured(end: unknown): boolean {
  return own(asMap(end), 'cloudevents') === 'structured';
}
