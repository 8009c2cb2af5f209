import { GRADES } from '../explain/grades.ts';
import type { JsonSchema } from '../json-schema.ts';

/** Placeholder for a part that depends on the catalog; `ofCatalog` replaces it. */
export const OF_CATALOG: JsonSchema = {};

/** The schema with `parts` in place of OF_CATALOG. */
export function ofCatalog(schema: JsonSchema, parts: readonly JsonSchema[]): JsonSchema {
  if (schema === OF_CATALOG) return parts[0] ?? {};
  const filled = Object.entries(schema).map(([keyword, value]) => {
    if (Array.isArray(value)) return [keyword, value.flatMap((one) => (one === OF_CATALOG ? parts : [one]))];
    return [keyword, value === OF_CATALOG ? parts[0] : value];
  });
  return Object.fromEntries(filled);
}

export const template = (description: string, example: string): JsonSchema => ({
  type: 'string',
  minLength: 1,
  description,
  examples: [example],
});

export const GRADE_SCHEMA: JsonSchema = {
  type: 'string',
  enum: GRADES.slice(1),
  description:
    'What this end keeps because its server is set up so, where that is more than the driver can know: sync_interval: always, replicas. Taken at its word.',
};
