import type { Guarantees, OptionFlaw } from '#contract/bus.ts';
import { addressOptionOf } from '../read/build-spec.ts';
import { checkDeadLetterBus } from './check-dead-letter-bus.ts';
import { checkTemplate } from './check-template.ts';
import type { TemplateScope, TemplateSite } from './check-template.ts';
import { judgedEnd } from '../read/ends.ts';
import type { JudgedFile } from '../read/ends.ts';
import { codecNameOf } from '../fields/codec-fields.ts';
import type { JudgedEnd, RouteSite } from '../fields/field.ts';
import { FIELDS } from '../fields/field-tables.ts';
import { busBehind, stageKind } from '../read/sections.ts';
import { type SinkPlace, sinkPlaces, withSink } from '../read/sink-places.ts';
import { asList, asMap, own } from '#kit/json-value.ts';
import type { PlainMap } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';
import { redactor } from '../read/redact.ts';
import type { Bus } from '#contract/bus.ts';

/** How many levels the addresses of each filter have; empty where a filter has no bound or the source no filters. */
function levelCounts(from: PlainMap, bus: Bus): readonly number[] {
  const { word, separator } = bus.grammar;
  const filters = Object.entries(from).find(([name, value]) => name.startsWith(word) && Array.isArray(value))?.[1];
  const counts = asList(filters).map((filter) => {
    const levels = typeof filter === 'string' ? filter.split(separator) : ['#'];
    // The wildcard for all levels beneath is a last level of its own on every bus.
    return ['#', '>'].includes(levels.at(-1) ?? '#') ? Infinity : levels.length;
  });
  return counts.includes(Infinity) ? [] : counts;
}

function askSource(end: JudgedEnd | undefined): Guarantees | undefined {
  return end?.bus.sourceGuarantees(end);
}

function askSink(end: JudgedEnd | undefined): Guarantees | undefined {
  return end?.bus.sinkGuarantees(end);
}

/** A route with one of its sinks. */
interface SinkSite {
  readonly at: string;
  readonly route: PlainMap;
  readonly sink: SinkPlace;
  /** Of all sinks, each once: of a list that is long by mistake, none is gone through for each of its sinks. */
  readonly sinkCodecs: readonly unknown[];
}

class RouteJudge {
  readonly #file: JudgedFile;
  readonly #at: string;
  /** With this sink as its only one. */
  readonly #route: PlainMap;
  readonly #sink: SinkPlace;
  readonly #sinkCodecs: readonly unknown[];
  readonly #redact: (text: string) => string;

  constructor(file: JudgedFile, { at, route, sink, sinkCodecs }: SinkSite, redact: (text: string) => string) {
    this.#file = file;
    this.#at = at;
    this.#route = withSink(route, sink.to);
    this.#sinkCodecs = sinkCodecs;
    this.#sink = sink;
    this.#redact = redact;
  }

  judge(): void {
    const source = judgedEnd(pointerTo(this.#at, 'from'), 'from', this.#file);
    const sink = judgedEnd(this.#sink.at, 'to', this.#file);
    if (source !== undefined) {
      this.#flaws(source, source.bus.flaws(source.connection, { from: source.end }));
    }
    if (sink !== undefined) this.#flaws(sink, sink.bus.flaws(sink.connection, { to: sink.end }));
    const sourceGives = this.#file.findings.hasErrorWithin(pointerTo(this.#at, 'from')) ? undefined : askSource(source);
    const sinkGives = this.#file.findings.hasErrorWithin(this.#sink.at) ? undefined : askSink(sink);
    const scope = this.#templates(sourceGives);
    const site: RouteSite = {
      at: this.#at,
      route: this.#route,
      findings: this.#file.findings,
      catalog: this.#file.catalog,
      written: (at) => this.#file.resolved.get(at)?.written,
      source: sourceGives,
      sink: sinkGives,
      sinkEnd: sink,
      sinkAt: this.#sink.at,
      sinkName: this.#sink.name,
      sinkCodecs: this.#sinkCodecs,
    };
    const { route, source: sourceFields, sink: sinkFields } = this.#file.fields ?? FIELDS;
    for (const entry of Object.values(sinkFields)) entry.check?.(site);
    this.#letters(scope);
    // The class comes before the source: options that it refuses there are not checked further.
    for (const entry of [...Object.values(route), ...Object.values(sourceFields)]) entry.check?.(site);
    this.#stages();
    if (source !== undefined && sourceGives !== undefined) this.#sourcePromises(source, sourceGives);
    if (sink !== undefined && sinkGives !== undefined) this.#notes(sink, sinkGives.notes);
  }

  /** The bus of the dead letters, where they go to one. */
  #letters(scope: TemplateScope): void {
    const { value, catalog, findings } = this.#file;
    const options = asMap(own(this.#route, 'deadLetter'));
    const bus = busBehind(value, own(options, 'bus'), catalog);
    if (bus === undefined) return;
    const at = pointerTo(this.#at, 'deadLetter');
    this.#template(at, options, addressOptionOf(bus, options), { use: 'letter', target: bus.grammar }, scope);
    this.#addressIsThere(at, options, bus);
    const letters = judgedEnd(at, 'to', this.#file);
    if (letters === undefined) return;
    this.#flaws(letters, bus.flaws(letters.connection, { to: letters.end }));
    checkDeadLetterBus(letters, findings);
  }

  #flaws(end: JudgedEnd, flaws: readonly OptionFlaw[]): void {
    const { findings, resolved } = this.#file;
    for (const flaw of flaws) {
      const at = pointerTo(flaw.where === 'connection' ? end.connectionAt : end.at, ...flaw.path);
      if (findings.isClaimed(at)) continue;
      const reference = resolved.get(at)?.written;
      const other = flaw.beside && findings.placeOf(pointerTo(end.at, ...flaw.beside));
      const beside = other === undefined ? '' : `, the first of which stands at ${other}`;
      findings.add({
        code: 'OPTIONS_CONFLICT',
        at,
        expected: this.#redact(flaw.expected),
        found: `${reference === undefined ? '' : `${reference}: `}${this.#redact(flaw.found)}${beside}`,
        write: this.#redact(flaw.write),
      });
    }
  }

  #sourcePromises(end: JudgedEnd, { redelivers, notes }: Guarantees): void {
    if (!redelivers) {
      this.#file.findings.add({
        code: 'AT_MOST_ONCE',
        at: pointerTo(end.at, 'bus'),
        expected: 'a source that delivers again what was not settled',
        found: `a ${end.bus.name} source that does not: what is in flight when the bridge or the connection ends is lost`,
        write: 'a source that redelivers where a loss matters',
      });
    }
    this.#notes(end, notes);
  }

  #notes(end: JudgedEnd, notes: readonly string[]): void {
    for (const note of notes) {
      this.#file.findings.add({
        code: 'BUS_NOTE',
        at: pointerTo(end.at, 'bus'),
        found: `${end.bus.name}: ${this.#redact(note)}`,
      });
    }
  }

  /** Returns what the messages of the route have once they are read. */
  #templates(gives: Guarantees | undefined): TemplateScope {
    const { value, catalog } = this.#file;
    const from = asMap(own(this.#route, 'from'));
    const to = asMap(own(this.#route, 'to'));
    const sourceBus = busBehind(value, own(from, 'bus'), catalog);
    const sinkBus = busBehind(value, own(to, 'bus'), catalog);
    // While the source has an error, it is not known whether it gives a key.
    const carriesKey = gives?.carriesKey ?? true;
    const scope: TemplateScope = {
      source: sourceBus && { ...sourceBus.grammar, name: sourceBus.name, readsHeader: sourceBus.readsHeader },
      hasKey: carriesKey,
      bodyHasFields: catalog.codecs.get(String(codecNameOf(from)))?.hasFields !== false,
      levels: sourceBus === undefined ? [] : levelCounts(from, sourceBus),
      hasHeaders: gives?.carriesHeaders ?? true,
      headersNeed: gives?.headersNeed,
    };
    const fromAt = pointerTo(this.#at, 'from');
    this.#template(fromAt, from, 'key', { use: 'key', target: undefined }, scope);
    const keyed = { ...scope, hasKey: carriesKey || Object.hasOwn(from, 'key') };
    for (const name of ['id', 'sequence', 'timestamp']) {
      this.#template(fromAt, from, name, { use: 'id', target: undefined }, keyed);
    }
    this.#template(
      pointerTo(fromAt, 'timestamp'),
      asMap(own(from, 'timestamp')),
      'of',
      { use: 'id', target: undefined },
      keyed,
    );
    this.#template(
      pointerTo(fromAt, 'dedupe'),
      asMap(own(from, 'dedupe')),
      'by',
      { use: 'id', target: undefined },
      keyed,
    );
    const stages = asList(own(this.#route, 'stages'));
    // A stage that changes the body may turn bytes into a map.
    const isRemade = stages.some((item) => stageKind(item, catalog)?.changesBody === true);
    // The key of what a guard releases is one of its own words, which are checked apart.
    const hasKey = keyed.hasKey || stages.some((item) => stageKind(item, catalog)?.verb === 'guard');
    const sent = { ...keyed, hasKey, bodyHasFields: keyed.bodyHasFields || isRemade };
    const toAt = this.#sink.at;
    if (sinkBus !== undefined) {
      this.#template(toAt, to, addressOptionOf(sinkBus, to), { use: 'address', target: sinkBus.grammar }, sent);
      this.#addressIsThere(toAt, to, sinkBus);
    }
    const setAt = pointerTo(toAt, 'headers', 'set');
    const set = asMap(own(asMap(own(to, 'headers')), 'set'));
    for (const name of Object.keys(set)) {
      this.#template(setAt, set, name, { use: 'header', target: undefined }, sent);
    }
    return keyed;
  }

  #template(
    holderAt: string,
    holder: PlainMap,
    name: string,
    how: Pick<TemplateSite, 'use' | 'target'>,
    scope: TemplateScope,
  ): void {
    const { findings, resolved } = this.#file;
    const text = own(holder, name);
    const at = pointerTo(holderAt, name);
    if (typeof text !== 'string' || findings.isClaimed(at)) return;
    checkTemplate({ at, text, reference: resolved.get(at)?.written, ...how }, scope, findings);
  }

  #addressIsThere(at: string, to: PlainMap, bus: Bus): void {
    const [name, ...others] = bus.addressOptions;
    const place = pointerTo(at, name);
    const { findings } = this.#file;
    if (others.length > 0 || own(to, name) !== undefined || findings.isClaimed(place)) return;
    const expected = `${name}: where the messages go`;
    findings.add({ code: 'TEMPLATE_MISSING', at: place, expected, found: 'none', write: `${name}: ...` });
  }

  #stages(): void {
    const { catalog, findings } = this.#file;
    for (const [index, item] of asList(own(this.#route, 'stages')).entries()) {
      const at = pointerTo(this.#at, 'stages', index);
      if (findings.hasErrorWithin(at)) continue;
      const kind = stageKind(item, catalog);
      for (const { option, path = [], ...flaw } of kind?.flaws?.(asMap(item)) ?? []) {
        const isValue = option === kind?.verb;
        const how = isValue ? ({ code: 'WRONG_VALUE' } as const) : ({ code: 'OPTIONS_CONFLICT', side: 'key' } as const);
        findings.add({ ...how, at: pointerTo(at, option, ...path), ...flaw });
      }
    }
  }
}

/** Reports once a file how values of messages are encoded in addresses, at the first template that has one. */
function noteEncoding(file: JudgedFile): void {
  for (const [index, route] of asList(own(asMap(file.value), 'routes')).entries()) {
    for (const sink of sinkPlaces(pointerTo('/routes', index), route)) {
      const to = asMap(sink.to);
      const bus = busBehind(file.value, own(to, 'bus'), file.catalog);
      if (bus === undefined) continue;
      const option = addressOptionOf(bus, to);
      const text = own(to, option);
      if (typeof text !== 'string' || !text.includes('{')) continue;
      const { word, encoding } = bus.grammar;
      file.findings.add({
        code: 'TEMPLATE_ENCODED',
        at: pointerTo(sink.at, option),
        found: `a value never changes the shape of a ${word}: in it ${encoding}`,
      });
      return;
    }
  }
}

/** Checks of a route that no schema can express: its templates, and the checks of its drivers. */
export function checkRoutes(file: JudgedFile): void {
  const redact = redactor(file.resolved, file.sections);
  for (const [index, route] of asList(own(asMap(file.value), 'routes')).entries()) {
    const at = pointerTo('/routes', index);
    // A finding that does not depend on the sink is the same for each, and counts once.
    const sinks = sinkPlaces(at, route);
    const sinkCodecs = [...new Set(sinks.map(({ to }) => codecNameOf(asMap(to))))];
    for (const sink of sinks) new RouteJudge(file, { at, route: asMap(route), sink, sinkCodecs }, redact).judge();
  }
  noteEncoding(file);
}
