import { CONTENT_TYPE } from '#contract/carried-headers.ts';
import type { ExpressionUse } from '#contract/expression.ts';
import type { Message } from '#contract/message.ts';
import type { ASTNode } from '@marcbachmann/cel-js';
import { headerGetter } from '../template/header-field.ts';
import { LabelValue } from './environment.ts';

/** The variables of one evaluation, by name. A variable without a value is absent. */
export type Variables = Record<string, unknown>;
type Read = (message: Message) => unknown;

/** The name of a header in `header.NAME`, `header["NAME"]` or `"NAME" in header`; undefined for another node. */
function headerNamed(node: ASTNode): string | undefined {
  if (node.op === 'in') {
    const [name, holder] = node.args;
    const isNamed = holder.op === 'id' && holder.args === 'header' && name.op === 'value';
    return isNamed && typeof name.args === 'string' ? name.args : undefined;
  }
  if (node.op !== '.' && node.op !== '[]') return undefined;
  const [holder, name] = node.args;
  if (holder.op !== 'id' || holder.args !== 'header') return undefined;
  if (typeof name === 'string') return name;
  return name.op === 'value' && typeof name.args === 'string' ? name.args : undefined;
}

/** Reads the headers that the expression names; every one where it names some by a value, or uses `header` itself. */
function headersOf(nodes: readonly ASTNode[]): Read {
  const uses = nodes.filter(({ op, args }) => op === 'id' && args === 'header').length;
  const named = nodes.flatMap((node) => headerNamed(node) ?? []);
  const isWhole = uses > named.length;
  const names = new Set(isWhole ? [...named, CONTENT_TYPE] : named);
  const getters = [...names].map((name) => [name, headerGetter(name)] as const);
  return (message) => {
    const values = new Map<string, string>();
    if (isWhole) for (const [name, [first]] of message.headers) if (first !== undefined) values.set(name, first);
    for (const [name, get] of getters) {
      const value = get(message);
      if (value !== undefined) values.set(name, value);
    }
    return values;
  };
}

function levelsOf({ separator, decode, inner }: ExpressionUse['grammar']): Read {
  const later = inner?.decode ?? decode;
  return ({ address }) => address.split(separator).map((level, at) => (at === 0 ? decode(level) : later(level)));
}

/** Reads the variables that the expression names, and no others. */
export function variableReader(
  nodes: readonly ASTNode[],
  { grammar, label }: ExpressionUse,
): (message: Message) => Variables {
  const levels = levelsOf(grammar);
  const known: Readonly<Record<string, Read>> = {
    body: ({ body }) => body,
    header: headersOf(nodes),
    key: ({ key }) => key ?? null,
    address: levels,
    [grammar.word]: levels,
    id: ({ id }) => id,
    timestamp: ({ origin: { timestampMs } }) => (timestampMs === undefined ? undefined : new Date(timestampMs)),
    now: () => new Date(),
    ...(label !== undefined && { label: (message: Message) => new LabelValue(label(message)) }),
  };
  const names = new Set(nodes.flatMap(({ op, args }) => (op === 'id' && typeof args === 'string' ? [args] : [])));
  const readers = Object.entries(known).filter(([name]) => names.has(name));
  const [only] = readers;
  // Most expressions read the body alone.
  if (only?.[0] === 'body' && readers.length === 1) return ({ body }) => ({ body });
  return (message) => {
    const variables: Variables = {};
    for (const [name, read] of readers) {
      const value = read(message);
      if (value !== undefined) variables[name] = value;
    }
    return variables;
  };
}
