import type { Catalog } from '#contract/catalog.ts';
import { asList, asMap, own, type PlainMap } from '#kit/json-value.ts';
import { pointerTo } from '#kit/pointer.ts';
import { durationMs, perSecond, sizeBytes } from '#kit/quantity.ts';
import { FindingList } from '../project/check/finding-list.ts';
import type { Finding } from '../project/check/findings.ts';
import { validateSections } from '../project/check/validate-sections.ts';
import { parseYaml } from '../project/read/yaml-document.ts';
import { BUSES, LINKS, MESSAGE_KINDS, type Need, type Needs, type Side, SURVIVES } from './needs.ts';
import { NEEDS_SCHEMA } from './needs-schema.ts';

/** A needs file, or what is wrong with it. `needs` is there exactly when no finding is an error. */
export interface NeedsRead {
  readonly needs: Needs | undefined;
  readonly findings: readonly Finding[];
}

/** Reads a needs file. `file` is its name in findings. */
export function readNeeds(text: string, file: string, catalog: Catalog): NeedsRead {
  const { value, places, flaws, readable } = parseYaml(text);
  const findings = new FindingList(file, places);
  for (const flaw of flaws) findings.add(flaw);
  if (readable) {
    validateSections(value, [{ pointer: '', schema: NEEDS_SCHEMA }], new Map(), catalog, findings);
    refuseTwice(value, findings);
  }
  return { needs: findings.hasErrors ? undefined : needsOf(asMap(value)), findings: findings.sorted() };
}

/** Each need becomes a route, and routes have names of their own. */
function refuseTwice(value: unknown, findings: FindingList): void {
  const names = new Set<unknown>();
  for (const [index, need] of asList(own(asMap(value), 'needs')).entries()) {
    const name = own(asMap(need), 'name');
    if (names.has(name) && typeof name === 'string')
      findings.add({
        code: 'DUPLICATE_ROUTE',
        at: pointerTo('/needs', index, 'name'),
        expected: 'a name of its own for each need',
        found: name,
        write: `name: ${name}-${index + 1}`,
      });
    names.add(name);
  }
}

/** The needs of a value that its schema took. */
export function needsOf(file: PlainMap): Needs {
  return {
    name: textOf(own(file, 'name')) ?? '',
    have: asList(own(file, 'have')).flatMap((name) => BUSES.filter((bus) => bus === name)),
    labels: own(file, 'labels') === true,
    needs: asList(own(file, 'needs')).map((need) => needOf(asMap(need))),
  };
}

function needOf(need: PlainMap): Need {
  const at = <T>(word: string, read: (text: string) => T): T | undefined => {
    const text = textOf(own(need, word));
    return text === undefined ? undefined : read(text);
  };
  const readers = own(need, 'readers');
  return {
    name: at('name', String) ?? '',
    message: oneOf(MESSAGE_KINDS, own(need, 'message')) ?? 'event',
    rate: at('rate', perSecond),
    size: at('size', sizeBytes),
    latencyMs: at('latency', durationMs),
    survives: oneOf(SURVIVES, own(need, 'survives')) ?? 'nothing',
    keepMs: at('keep', (text) => (text === 'forever' ? Infinity : durationMs(text))) ?? 0,
    order: oneOf(['none', 'key', 'all'] as const, own(need, 'order')) ?? 'key',
    readers: typeof readers === 'number' ? readers : 1,
    workers: own(need, 'workers') === true,
    replies: own(need, 'replies') === true,
    routing: own(need, 'routing') === true,
    expires: at('expires', String),
    owner: oneOf(['producers', 'consumers', 'both'] as const, own(need, 'owner')) ?? 'producers',
    producers: sideOf(asMap(own(need, 'producers'))),
    consumers: sideOf(asMap(own(need, 'consumers'))),
  };
}

function sideOf(side: PlainMap): Side {
  const devices = own(side, 'devices');
  const bandwidth = textOf(own(side, 'bandwidth'));
  const outage = textOf(own(side, 'outage'));
  return {
    on: oneOf(BUSES, own(side, 'on')),
    devices: typeof devices === 'number' ? devices : 0,
    link: oneOf(LINKS, own(side, 'link')) ?? 'lan',
    bandwidth: bandwidth === undefined ? undefined : bitsPerSecond(bandwidth),
    outageMs: outage === undefined ? undefined : durationMs(outage),
    domain: textOf(own(side, 'domain')),
  };
}

const BITS: Readonly<Record<string, number>> = { bit: 1, kbit: 1000, Mbit: 1_000_000 };

function bitsPerSecond(text: string): number {
  const [, amount = '', unit = ''] = /^(\d+)(bit|kbit|Mbit)\/s$/.exec(text) ?? [];
  return Number(amount) * (BITS[unit] ?? Number.NaN);
}

function oneOf<T extends string>(known: readonly T[], value: unknown): T | undefined {
  return known.find((name) => name === value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
