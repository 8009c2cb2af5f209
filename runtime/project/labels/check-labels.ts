import { asMap, own, type PlainMap } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';
import { LabelError } from '../../labels/label-error.ts';
import type { LabelValue } from '../../labels/label-value.ts';
import { dominates } from '../../labels/lattice.ts';
import { shortOf } from '../../labels/route-labels.ts';
import type { LabelReader } from '../../labels/wire-label.ts';
import { GuardChecks } from '../guards/check-guards.ts';
import { type JudgedFile, judgedEnd } from '../read/ends.ts';
import { labelWords, routesOf, textOf } from './label-file.ts';

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

  /** A label that stands at this place; undefined, with its finding, where it is none. */
  label(at: string, written: unknown): LabelValue | undefined {
    const text = textOf(written);
    const { findings, resolved } = this.#file;
    if (text === undefined || findings.isClaimed(at)) return undefined;
    const reference = resolved.get(at);
    if (reference !== undefined && reference.text === undefined) return undefined;
    try {
      return this.#reader.readShort(text);
    } catch (thrown) {
      if (!(thrown instanceof LabelError)) throw thrown;
      const { expected, found } = thrown;
      findings.add({ code: 'LABEL_POLICY', at, expected, found, write: 'a label of the policy, such as S;REL=USA' });
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
    const highest = range?.ceiling;
    // Behind a guard every message has its label.
    const released = bounds.guards.released(at, route, highest);
    if (highest === undefined) return;
    const flow = { at, name: String(own(route, 'name')), source, highest };
    for (const key of ['to', 'deadLetter'] as const) {
      const end = asMap(own(route, key));
      const sink = textOf(own(end, 'bus'));
      if (sink === undefined) continue;
      const sent = key === 'to' && released !== undefined ? released.emit : highest;
      if (sent !== undefined)
        this.#flow(
          { ...flow, highest: sent },
          { at: pointerTo(at, key, 'bus'), name: sink, ceiling: ranges.get(sink)?.ceiling },
        );
      this.#writable(at, key, sink);
    }
    const { state, telemetry } = bounds;
    this.#flow(flow, { at: '/labels/state', name: 'the state folder', ceiling: state });
    this.#flow(flow, { at: '/labels/telemetry', name: 'logs, metrics and traces', ceiling: telemetry });
  }

  #missingLabel(at: string, from: PlainMap, range: Range | undefined): void {
    const { findings } = this.#file;
    const labelAt = pointerTo(at, 'missingLabel');
    const written = textOf(own(from, 'missingLabel'));
    if (written === undefined || written === 'reject') return this.#readable(at);
    const label = this.label(labelAt, written);
    if (label === undefined || range === undefined) return;
    const { ceiling, floor } = range;
    const isAbove = ceiling !== undefined && !dominates(ceiling, label);
    const isBelow = floor !== undefined && !dominates(label, floor);
    if (!isAbove && !isBelow) return;
    const expected = isAbove ? `at most the ceiling of its connection` : `at least the floor of its connection`;
    findings.add({ code: 'LABEL_POLICY', at: labelAt, expected, found: shortOf(label), write: 'a label in between' });
  }

  /** A source whose messages have no headers: each of them lacks a label. */
  #readable(at: string): void {
    const { findings } = this.#file;
    const end = judgedEnd(at.slice(0, at.lastIndexOf('/')), 'from', this.#file);
    if (end === undefined || findings.isClaimed(at) || end.bus.sourceGuarantees(end).carriesHeaders) return;
    findings.add({
      code: 'LABEL_POLICY',
      at: pointerTo(at, 'bus'),
      expected: 'missingLabel: the label of messages that have no headers',
      found: `none, so that every message of this ${end.bus.name} source would be blocked`,
      write: 'missingLabel: LABEL',
    });
  }

  #writable(routeAt: string, key: 'to' | 'deadLetter', name: string): void {
    const end = judgedEnd(routeAt, key, this.#file);
    if (end === undefined || end.bus.sinkGuarantees(end).carriesHeaders) return;
    this.#file.findings.add({
      code: 'LABEL_UNWRITABLE',
      at: pointerTo(routeAt, key, 'bus'),
      expected: 'a sink that can carry a label',
      found: `${name}, whose messages have no headers`,
      write: end.bus.name === 'mqtt' ? 'protocol: "5" in the connection' : 'a sink that carries headers',
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
