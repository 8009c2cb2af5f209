import type { FromSchema, JSONSchema } from 'json-schema-to-ts';

/** The type of the options that passed a JSON Schema, with defaults filled in. The schema is written `as const`. */
export type OptionsOf<Schema extends JSONSchema> = ReadonlyDeep<FromSchema<Schema>>;

type ReadonlyDeep<Value> = Value extends object ? { readonly [Key in keyof Value]: ReadonlyDeep<Value[Key]> } : Value;
