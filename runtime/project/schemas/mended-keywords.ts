import { _, type Ajv, type CodeKeywordDefinition, type KeywordCxt, type Name } from 'ajv';

/**
 * Mends what ajv 8.20 answers for four keywords. `test/stages/validate-specification.test.ts` compares every keyword with the specification.
 *
 * - The result of a loop is declared without a value. For an empty list it was that of the list before, so that
 *   `items: { contains: ... }` accepted [[1], []]; or none, so that `contains` behind a tuple was not asked of [].
 * - The properties that `if` describes counted as described where it does not fit, so that `unevaluatedProperties: false` let them through.
 */
export function mendKeywords(ajv: Ajv): void {
  mend(ajv, 'contains', (context) => {
    const { minContains = 1, maxContains } = context.parentSchema;
    // Where ajv counts, it gives the result a value itself.
    if (minContains === 1 && maxContains === undefined)
      onName(context, 'valid', (result) => context.gen.var(result, _`false`));
  });
  for (const keyword of ['items', 'prefixItems'])
    mend(ajv, keyword, (context) => {
      if (Array.isArray(context.schema)) onName(context, 'valid', (result) => context.gen.var(result, _`true`));
    });
  mend(ajv, 'if', (context) =>
    onName(context, '_valid', (fits) => {
      context.mergeEvaluated = (part) => {
        // Merging calls this method itself.
        Reflect.deleteProperty(context, 'mergeEvaluated');
        context.mergeValidEvaluated(part, fits);
      };
    }),
  );
}

function mend(ajv: Ajv, keyword: string, prepare: (context: KeywordCxt) => void): void {
  const rule = ajv.RULES.all[keyword];
  // Draft-07 has no prefixItems.
  if (typeof rule !== 'object' || !('code' in rule.definition)) return;
  const definition: CodeKeywordDefinition = rule.definition;
  const code = (context: KeywordCxt): void => {
    prepare(context);
    try {
      definition.code(context);
    } finally {
      Reflect.deleteProperty(context.gen, 'name');
    }
  };
  rule.definition = { ...rule.definition, code };
}

/** Once, before the code of inner schemas: they have names of their own. */
function onName({ gen }: KeywordCxt, wanted: string, use: (name: Name) => void): void {
  const name = gen.name.bind(gen);
  gen.name = (prefix) => {
    const made = name(prefix);
    if (prefix === wanted) {
      Reflect.deleteProperty(gen, 'name');
      use(made);
    }
    return made;
  };
}
