import { nearestName } from '#kit/nearest.ts';
import { shortened } from '#kit/shortened.ts';
import type { BodyType } from './body-type.ts';
import { ExpressionFlaw } from './flaw.ts';

/** How much of a name an error shows. */
const SHOWN = 200;

/** The flaw of a name that the schema does not have at this place of it. `isSure`: the schema is closed there. */
export function unknownField(
  name: string,
  range: { readonly start: number; readonly end: number },
  body: BodyType,
  isSure: boolean,
): ExpressionFlaw {
  const text = {
    expected: `a field that schema ${body.schema} has`,
    found: shortened(name, SHOWN),
    write: nearestName(name, body.names) ?? 'a field of the schema, or the field into the schema',
  };
  return new ExpressionFlaw('field', range, text, isSure);
}

/** Checks a field that is named by names with dots between them. Throws ExpressionFlaw. */
export function checkField(field: string, body: BodyType): void {
  let type = body.type;
  let start = 0;
  for (const name of field.split('.')) {
    const map = body.maps.find((one) => one.name === type);
    // Nothing is known of it, or it has fields of any name.
    if (map === undefined && (type === 'dyn' || type === 'map')) return;
    const next = map !== undefined && Object.hasOwn(map.fields, name) ? map.fields[name] : undefined;
    if (next === undefined) throw unknownField(name, { start, end: start + name.length }, body, map?.isOpen !== true);
    type = next;
    start += name.length + 1;
  }
}
