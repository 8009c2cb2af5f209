import type { Advice, NeedAdvice } from './advise.ts';
import type { EndAdvice } from './ends.ts';
import { inPoints, othersThan, reasonsFor } from './reasons.ts';

/** The advice for people. `width`: of the terminal, or of the page. */
export function adviceText({ name, needs }: Advice, width: number): string {
  const bridged = needs.filter(({ ends }) => ends.isBridged).length;
  const lines = [`${name}: ${counted(needs.length, 'need')}, ${counted(bridged, 'bridge')}`];
  for (const need of needs) lines.push('', ...needLines(need));
  return `${lines.flatMap((line) => wrapped(line, width)).join('\n')}\n`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function needLines({ need, class: trafficClass, ends, settings, limits, promise }: NeedAdvice): readonly string[] {
  const { producers, consumers, isBridged } = ends;
  const path = isBridged ? `${producers.bus} -> ${consumers.bus}` : `${consumers.bus} at both ends, no bridge`;
  return [
    `${need.name} (${need.message}): ${path}`,
    ...(isBridged ? [`  class ${trafficClass.name}: ${trafficClass.why}`] : []),
    ...(producers.by === 'other' ? [] : endLines('producers', producers)),
    ...endLines('consumers', consumers),
    ...section(
      'settings',
      settings.map(
        ({ at, bus, word, value, why }) =>
          `${at === 'server' ? `at the ${bus} server, ` : at === 'route' ? '' : `${at}: `}${word}: ${value} (${why})`,
      ),
    ),
    ...section(
      'promise of the route',
      promise === undefined
        ? []
        : [
            `${promise.grade}; order: ${promise.faults['order'] ?? promise.order}; duplicates after a crash: ${promise.repeats}`,
          ],
    ),
    ...section('what this cannot keep', limits),
  ];
}

function section(title: string, items: readonly string[]): readonly string[] {
  return items.length === 0 ? [] : [`  ${title}`, ...items.map((item) => `    ${item}`)];
}

function endLines(title: string, end: EndAdvice): readonly string[] {
  const chosen = end.candidates.find(({ bus }) => bus === end.bus);
  const points = end.by === 'given' ? 'which is there already' : inPoints(chosen?.points ?? 0);
  // A bus that is there is not compared, unless another one would be better.
  const others = othersThan(end).filter(({ isBetter }) => end.by !== 'given' || isBetter);
  return [
    `  ${title}: ${end.bus}, ${points}`,
    ...reasonsFor(end).map(({ weight, where, why }) => `    ${signed(weight)} ${why} (where ${where})`),
    ...others.map(({ bus, weight, isBetter, isClose, why }) => {
      if (isBetter) return `    ${bus} would fit better: ${why}`;
      return `    ${isClose ? 'close' : 'not'}: ${bus}, ${weight}. ${why}`;
    }),
  ];
}

function signed(weight: number | 'never'): string {
  if (weight === 'never') return 'never:';
  return weight > 0 ? `+${weight}` : String(weight);
}

/** Lines of at most `width` characters; those that follow stand two columns further to the right. */
function wrapped(line: string, width: number): readonly string[] {
  const indent = /^ */.exec(line)?.[0] ?? '';
  const lines: string[] = [];
  let current = indent;
  for (const word of line.trim().split(' ')) {
    const isStart = current.trim() === '';
    if (!isStart && current.length + 1 + word.length > width) {
      lines.push(current);
      current = `${indent}  ${word}`;
    } else current += isStart ? word : ` ${word}`;
  }
  return [...lines, current];
}
