import { schemaCompiler } from '../../../runtime/project/schemas/compile-schemas.ts';
import {
  compareSchemas,
  type Comparison,
  type Compatibility,
} from '../../../runtime/project/schemas/evolution/compare.ts';
import type { Schema } from './random-schemas.ts';

export function compare(older: Schema, newer: Schema): Comparison {
  return compareSchemas(
    { name: 's', files: [{ name: 's', schema: older }] },
    { name: 's', files: [{ name: 's', schema: newer }] },
  );
}

/** What a stage says of the document; undefined where the validator has no answer. */
export function judgeOf(schema: Schema): (document: unknown) => boolean | undefined {
  const validator = schemaCompiler([{ name: 's', schema: structuredClone(schema) }]).compile('s');
  return (document) => {
    try {
      return validator(document);
    } catch {
      // Some names of properties (`toString`) break the validator's comparison with listed objects.
      return undefined;
    }
  };
}

/** `yes`, or the rules in order. */
export function rules({ answer, differences }: Compatibility): string {
  return answer === 'yes'
    ? 'yes'
    : `${answer}: ${differences.map(({ rule, at }) => `${rule} ${at || '/'}`).join(', ')}`;
}
