import { type EndsAdvice, isRemote } from './ends.ts';
import { type BusName, crossesDomains, type Need, type Needs } from './needs.ts';
import type { ClassAdvice } from './class-of-need.ts';
import { connectionWords, sinkWords, sourceWords } from './route-ends.ts';
import type { Setting } from './settings.ts';

/** A need that becomes a route. */
export interface BridgedNeed {
  readonly need: Need;
  readonly ends: EndsAdvice;
  readonly class: ClassAdvice;
  readonly settings: readonly Setting[];
}

const PLACES = ['site', 'core', 'far'] as const;
type PlaceName = (typeof PLACES)[number];

interface Connection {
  readonly name: string;
  readonly bus: BusName;
  readonly place: PlaceName;
}

/** A pipeline file with one route for each need. */
export function pipelineText({ name, labels }: Needs, routes: readonly BridgedNeed[]): string {
  const connections = new Map<string, Connection>();
  const words = new Map<string, Map<string, string>>();
  for (const route of routes) {
    for (const end of ['from', 'to'] as const) {
      const connection = connectionOf(route, end);
      connections.set(connection.name, connection);
      const own = words.get(connection.name) ?? new Map<string, string>();
      words.set(connection.name, own);
      for (const { word, value } of ofEnd(route, 'connection', end)) own.set(word, value);
    }
  }
  const buses = [...connections.values()].map(({ name: connection, bus, place }) => {
    const where = connectionWords(connection, bus, PLACES.indexOf(place));
    const all = [['bus', bus] as const, ...where, ...(words.get(connection) ?? new Map<string, string>())];
    return `  ${connection}: ${flowMap(all)}`;
  });
  return [
    '# yaml-language-server: $schema=../schemas/pipeline.schema.json',
    '# Written by `sluice advise`: addresses and keys are examples (NAME/KEY, NAME.KEY). Make them yours, then: sluice check.',
    ...(labels ? LABELS_NOTE : []),
    `name: ${name}`,
    'buses:',
    ...buses,
    'routes:',
    ...routes.flatMap(routeLines),
    '',
  ].join('\n');
}

const LABELS_NOTE = [
  '# Labels: write schemas/NAME.policy.json, `labels: NAME` here, and the ceiling of each connection (docs/labels.md).',
] as const;

function routeLines(route: BridgedNeed): readonly string[] {
  const { need, ends } = route;
  const [from, to] = [ends.producers.bus, ends.consumers.bus];
  const server = route.settings.filter(({ at }) => at === 'server');
  return [
    ...server.map(({ bus, word, value, why }) => `  # ${bus}: ${word} = ${value}. ${sentence(why)}`),
    `  - name: ${need.name}`,
    `    class: ${route.class.name}`,
    '    from:',
    `      bus: ${connectionOf(route, 'from').name}`,
    ...lines(sourceWords(need, from)),
    ...lines(ofEnd(route, 'from', 'from').map(({ word, value }) => [word, value])),
    '    to:',
    `      bus: ${connectionOf(route, 'to').name}`,
    ...lines(sinkWords(need, to)),
    ...lines(ofEnd(route, 'to', 'to').map(({ word, value }) => [word, value])),
    ...ofEnd(route, 'route', 'from').map(({ word, value }) => `    ${word}: ${value}`),
  ];
}

function ofEnd({ settings }: BridgedNeed, at: Setting['at'], end: Setting['end']): readonly Setting[] {
  return settings.filter((setting) => setting.at === at && setting.end === end);
}

function lines(words: readonly (readonly [string, string])[]): readonly string[] {
  return words.map(([word, value]) => `      ${word}: ${value}`);
}

function flowMap(words: readonly (readonly [string, string])[]): string {
  return `{ ${words.map(([word, value]) => `${word}: ${value}`).join(', ')} }`;
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}

/** Remote places are sites; where both ends are remote, or of two domains in one place, the one of the consumers is far. */
function connectionOf({ need, ends }: BridgedNeed, end: 'from' | 'to'): Connection {
  const { bus, side } = end === 'from' ? ends.producers : ends.consumers;
  const isSamePlace = isRemote(side) === isRemote(ends.producers.side);
  const isFar = end === 'to' && isSamePlace && (isRemote(side) || crossesDomains(need));
  const place = isFar ? 'far' : isRemote(side) ? 'site' : 'core';
  return { name: `${place}-${bus}`, bus, place };
}
