import { hasKey } from './check-class.ts';
import { classOf } from '../fields/class-of.ts';
import type { RouteSite } from '../fields/field.ts';
import { GRADE_NEEDS, GRADES, isBelow } from '../explain/grades.ts';
import { asMap, own } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';
import { DUPLICATES, type Duplicates, promiseOf } from '../explain/route-promise.ts';

/** Refuses a route with weaker guarantees than its `promise`: names the end that falls short and the option that lifts it. */
export function checkPromise({ at, route, source, sink, sinkName, findings }: RouteSite): void {
  const place = pointerTo(at, 'promise');
  const wanted = asMap(own(route, 'promise'));
  if (source === undefined || sink === undefined || findings.hasErrorWithin(place)) return;
  const [from, to] = [asMap(own(route, 'from')), asMap(own(route, 'to'))];
  const kept = promiseOf({
    trafficClass: classOf(route),
    source,
    sink,
    stated: { source: own(from, 'grade'), sink: own(to, 'grade') },
    hasKey: hasKey(from, source),
    hasSpool: own(route, 'spool') !== undefined,
  });
  const unmet = (word: string, expected: string, found: string, write: string): void => {
    findings.add({ code: 'PROMISE_UNMET', at: pointerTo(place, word), expected, found, write });
  };
  const grade = GRADES.find((one) => one === own(wanted, 'grade'));
  if (grade !== undefined && isBelow(kept.grade, grade)) {
    const short = [
      ...(isBelow(kept.sourceGrade, grade) ? [`from is ${kept.sourceGrade}`] : []),
      ...(isBelow(kept.sinkGrade, grade) ? [`${sinkName} is ${kept.sinkGrade}`] : []),
    ];
    unmet(
      'grade',
      `a route of grade ${grade}`,
      `${kept.grade}: ${short.length === 0 ? 'spool is G3' : short.join(', ')}`,
      GRADE_NEEDS[grade],
    );
  }
  const order = own(wanted, 'order');
  if (kept.order === 'none' && order !== undefined) {
    const end = source.ordered === 'none' ? 'from' : sinkName;
    unmet('order', 'one that both ends keep', `none: ${end} keeps no order`, `another ${end}, or one without shared`);
  } else if (order === 'address' && kept.order === 'key') {
    unmet('order', 'order per address', 'order per key and address', 'order: key, or no key on buses without one');
  }
  const duplicates = DUPLICATES.find((one) => one === own(wanted, 'duplicates'));
  if (duplicates !== undefined && DUPLICATES.indexOf(kept.duplicates) > DUPLICATES.indexOf(duplicates)) {
    const found = `${kept.duplicates}: ${sinkName} does not remove them`;
    unmet('duplicates', `duplicates after a crash: ${duplicates}`, found, LIFTS[duplicates]);
  }
}

const LIFTS: Readonly<Record<Duplicates, string>> = {
  none: 'to: a jetstream sink, which removes them',
  marked: 'class: audit, which marks them, or a jetstream sink',
  last: 'class: command or telemetry, which has one of a key under way, or a jetstream sink',
  window: 'nothing',
};
