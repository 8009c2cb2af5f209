import type { ASTNode, SourceRange } from '@marcbachmann/cel-js';

/** A node of an expanded macro: `list.all(x, ...)` and its like become a loop. The library's types do not have it. */
interface Loop {
  readonly iterable: ASTNode;
  readonly init: ASTNode;
  readonly step: ASTNode;
}

type Evaluate = (evaluator: unknown, node: unknown, context: unknown) => unknown;

/** The part of the library's nodes that its types leave out. */
interface Inner {
  readonly op: string;
  readonly args: unknown;
  readonly range: SourceRange;
  readonly meta: { readonly evaluate?: Evaluate; readonly macro?: unknown; readonly alternate?: unknown };
  setMeta(key: 'evaluate', value: Evaluate): unknown;
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'range' in value;
}

/** The nodes directly beneath a node: of its operands, and of the macro that it was. */
function* beneath(value: unknown, depth: number): Generator<ASTNode> {
  if (isNode(value)) yield value;
  else if (Array.isArray(value)) {
    for (const each of value) yield* beneath(each, depth);
  } else if (typeof value === 'object' && value !== null && depth > 0) {
    for (const each of Object.values(value)) yield* beneath(each, depth - 1);
  }
}

/** Every node of an expression, each once. */
export function nodesOf(root: ASTNode): readonly ASTNode[] {
  const nodes = new Set<ASTNode>();
  const waiting = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (nodes.has(node)) continue;
    nodes.add(node);
    const { args, meta } = inner(node);
    // A loop is a map of nodes, and so is a macro such as has(). What stands for another node is its alternate.
    waiting.push(...beneath(args, 1), ...beneath(meta.macro, 1), ...beneath(meta.alternate, 0));
  }
  return [...nodes];
}

/** Calls `spend` before each round of each loop of a checked expression. */
export function countRounds(nodes: readonly ASTNode[], spend: () => void): void {
  for (const node of nodes) {
    const { op, args } = inner(node);
    if (op !== 'comprehension') continue;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the library's types do not have this node
    const step = inner((args as Loop).step);
    const { evaluate } = step.meta;
    if (evaluate === undefined) throw new TypeError('a loop of an expression has no step');
    step.setMeta('evaluate', (evaluator, own, context) => {
      spend();
      return evaluate(evaluator, own, context);
    });
  }
}

/** Has another function called by that name. */
export function renameCall(node: Extract<ASTNode, { op: 'rcall' }>, name: string): void {
  node.args[0] = name;
}

/** The CEL type of the map that a checked node reads a field of; undefined for another node. */
export function heldType(node: unknown): string | undefined {
  if (!isNode(node) || (node.op !== '.' && node.op !== '[]')) return undefined;
  const [holder] = node.args;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a checked node has its type, which the library does not declare
  return (holder as { readonly checkedType?: { readonly name: string } }).checkedType?.name;
}

function inner(node: ASTNode): Inner {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `meta` and `setMeta` are public members without a type
  return node as unknown as Inner;
}
