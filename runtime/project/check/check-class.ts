import type { Guarantees } from '#contract/bus.ts';
import { CLASS_NAMES, CLASSES, type ClassRules, type TrafficClass } from '#contract/traffic-class.ts';
import { classOf } from '../fields/class-of.ts';
import type { RouteSite } from '../fields/field.ts';
import { severalInstances } from '../explain/instances.ts';
import { oneOf } from './describe.ts';
import { asMap, own } from '#kit/json-value.ts';
import type { PlainMap } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';

/** Why an end cannot keep a class. */
interface Lack {
  readonly end: 'from' | 'to';
  readonly why: string;
}

const NEEDS = {
  key: { code: 'CLASS_NEEDS_KEY', write: 'key: "{body.unit}" in from, or another field that tells units apart' },
  expires: { code: 'CLASS_NEEDS_EXPIRY', write: 'expires: 30s in from' },
} as const;

/** The reasons why these two ends cannot keep a class, independent of the other options of the route. */
function lacks(rules: ClassRules, from: PlainMap, source: Guarantees, sink: Guarantees): Lack[] {
  const found: Lack[] = [];
  const isSequenced = own(from, 'sequence') !== undefined;
  if (rules.oneAtATime && source.ordered === 'none' && !isSequenced) {
    found.push({
      end: 'from',
      why: 'its messages have no order and no sequence, so which one is newer cannot be told',
    });
  }
  if (rules.oneAtATime && sink.ordered === 'none') {
    found.push({ end: 'to', why: 'it keeps no order, so an older one could arrive after a newer one' });
  }
  if (rules.keeps === 'newest' || (!rules.oneAtATime && !rules.marksRepeats)) return found;
  // Command and audit may lose nothing.
  if (!source.redelivers) {
    found.push({ end: 'from', why: 'it does not deliver again what was under way when the bridge ends: that is lost' });
  }
  if (sink.confirms === 'sent') {
    found.push({ end: 'to', why: 'it does not confirm, so what is under way when a connection ends is lost' });
  }
  if (rules.marksRepeats && !sink.carriesHeaders) {
    found.push({ end: 'to', why: 'it carries no headers, so repetitions cannot be marked' });
  }
  return found;
}

/** Whether the messages of a source have a key. */
export function hasKey(from: PlainMap, source: Guarantees | undefined): boolean {
  return own(from, 'key') !== undefined || source?.carriesKey === true;
}

function hasWhatItNeeds(rules: ClassRules, from: PlainMap, source: Guarantees): boolean {
  return rules.needs.every((need) => (need === 'key' ? hasKey(from, source) : own(from, need) !== undefined));
}

function kept(from: PlainMap, source: Guarantees, sink: Guarantees): TrafficClass[] {
  return CLASS_NAMES.filter(
    (name) => hasWhatItNeeds(CLASSES[name], from, source) && lacks(CLASSES[name], from, source, sink).length === 0,
  );
}

function refuseBeside(name: TrafficClass, { at, route, findings }: RouteSite): void {
  const from = asMap(own(route, 'from'));
  if (own(route, 'drain') !== undefined && !CLASSES[name].mayDrain) {
    findings.add({
      code: 'CLASS_REFUSES',
      at: pointerTo(at, 'drain'),
      side: 'key',
      expected: `no drain: class ${name} keeps one message a key, which must be fresh`,
      found: 'drain',
      write: 'nothing: remove drain, or class: event',
    });
  }
  if (name === 'audit' && own(from, 'expires') !== undefined) {
    findings.add({
      code: 'CLASS_REFUSES',
      at: pointerTo(at, 'from', 'expires'),
      side: 'key',
      expected: 'no expires: class audit has no gaps, and what expires would be one',
      found: 'expires',
      write: 'nothing: remove expires, or class: event',
    });
  }
}

function refuseNeeds(name: TrafficClass, { at, route, source, findings }: RouteSite): void {
  const from = asMap(own(route, 'from'));
  for (const need of CLASSES[name].needs) {
    if (need === 'key' ? hasKey(from, source) : own(from, need) !== undefined) continue;
    const { code, write } = NEEDS[need];
    const expected = `${need} in from: class ${name} needs it`;
    findings.add({ code, at: pointerTo(at, 'class'), expected, found: `no ${need}`, write });
  }
}

/** Notices for an operator about a class that these ends can keep. */
function note(name: TrafficClass, site: RouteSite): void {
  const { at, route, source, findings } = site;
  if (name === 'command' && source?.expiresUnread === true) {
    findings.add({
      code: 'CLASS_NOTE',
      at: pointerTo(at, 'class'),
      found:
        "this server drops a command that expires before the bridge has it, and says nothing: no dead letter stands for it. Where from names sequence and timestamp, the place and the age of a command are its publisher's word, whatever the server does around those that expired",
    });
  }
  noteInstances(name, site);
  if (name !== 'telemetry' || source === undefined || own(route, 'spool') !== undefined || !source.redelivers) return;
  findings.add({
    code: 'CLASS_NOTE',
    at: pointerTo(at, 'class'),
    found:
      'while the sink is away telemetry coalesces within the window: a bus that is told of settlements in order (MQTT, Kafka, RabbitMQ) hands out no more than a window behind the oldest key that waits; spool lifts that bound',
  });
}

/** What the classes beyond `event` lose where more than one process runs the route. */
function noteInstances(name: TrafficClass, { at, route, source, sink, findings }: RouteSite): void {
  if (name === 'event' || source === undefined || sink === undefined) return;
  const hasOwnKey = own(asMap(own(route, 'from')), 'key') !== undefined;
  const hasSpool = own(route, 'spool') !== undefined;
  const several = severalInstances({ trafficClass: name, source, sink, hasSpool, hasOwnKey });
  if (several === undefined || several.isKept) return;
  // A source that the file shares is meant for more than one process; any other may have one all its life.
  findings.add({
    code: source.ordered === 'none' ? 'CLASS_ONE_INSTANCE' : 'CLASS_NOTE',
    at: pointerTo(at, 'class'),
    found: `with one instance class ${name} is kept. With more than one ${several.text}`,
  });
}

/** Refuses a class that the ends of its route cannot keep, and words beside it that contradict it. */
export function checkClass(site: RouteSite): void {
  const { at, route, source, sink, sinkName, findings } = site;
  const place = pointerTo(at, 'class');
  if (findings.isClaimed(place)) return;
  const name = classOf(route);
  refuseNeeds(name, site);
  refuseBeside(name, site);
  note(name, site);
  if (source === undefined || sink === undefined) return;
  const from = asMap(own(route, 'from'));
  for (const { end, why } of lacks(CLASSES[name], from, source, sink)) {
    const others = kept(from, source, sink);
    findings.add({
      code: 'CLASS_UNKEPT',
      at: place,
      expected: `ends that can keep class ${name}`,
      found: `${end === 'to' ? sinkName : end}: ${why}`,
      write: `class: ${oneOf(others)}`,
    });
  }
}
