import type { AddressGrammar } from './bus.ts';
import type { Message } from './message.ts';

/** The result that the place of an expression takes: `bool` of a condition, `list` of a split, `text` of a name, `value` of anything. */
export type ExpressionResult = 'bool' | 'list' | 'text' | 'value';

/** The parsed label of a message, as expressions see it: `label.class`, `label.has('REL', 'GBR')`. */
export interface ExpressionLabel {
  readonly class: string;
  has(tag: string, value: string): boolean;
}

/** What an expression may read, and how. */
export interface ExpressionUse {
  /** Of the addresses that messages were read from; its word is another name of `address`. */
  readonly grammar: Pick<AddressGrammar, 'word' | 'separator' | 'decode' | 'inner'>;
  /** Whether bodies hold integers as bigints, so that results keep them. Otherwise they become numbers. */
  readonly hasBigints: boolean;
  readonly result: ExpressionResult;
  /** The label of a message. Absent: the file has no labels, and an expression that names `label` does not compile. */
  readonly label?: ((message: Message) => ExpressionLabel) | undefined;
}

/** A compiled expression. */
export interface Expression {
  readonly text: string;
  /** Synchronous, without side effects, bounded in its steps. Throws EXPRESSION_FAILED, whose text holds no value of the message. */
  evaluate(message: Message): unknown;
}

/** Compiles an expression that the check has passed. Throws INTERNAL for any other. */
export type CompileExpression = (text: string, use: ExpressionUse) => Expression;
