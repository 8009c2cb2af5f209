import type { FunctionCall } from '../check/route-schemas.ts';
import type { Finding } from '../check/findings.ts';
import { pointerTo } from '#kit/pointer.ts';
import type { SchemaTypes } from '../types/schema-types.ts';
import type { CompilerMessage } from './compiler-output.ts';

/** A call with the place of its function in the pipeline file. */
export interface LocatedCall extends FunctionCall, Pick<Finding, 'file' | 'line' | 'column'> {}

/** Functions of a pipeline between schemas. */
export interface TypedCalls {
  readonly calls: readonly LocatedCall[];
  /** The files of functions, by name. */
  readonly paths: ReadonlyMap<string, string>;
  readonly schemas: SchemaTypes;
}

/** A module that assigns the types of schemas to those of functions, line by line. */
export interface CallAssertions {
  readonly text: string;
  /** The finding of a message of the compiler; undefined for a message that is not about an assignment. */
  finding(message: CompilerMessage): Finding | undefined;
}

interface Assertion {
  readonly call: LocatedCall;
  readonly side: 'before' | 'after';
}

/**
 * No type of a schema begins with `$`. `$In`: the type of the argument; without what an unannotated destructuring gives, the type
 * any. `$Sent`: all bodies that the function can return, or any where its type says nothing. `$Out`: what they are assigned to. The
 * result of a function that declares none has wider types than its values, so that texts and numbers are compared by kind alone.
 */
const HELPERS = `
type $Default<M> = M extends { default: { default: infer F } } ? F : M extends { default: infer F } ? F : never;
type $IsAny<T> = 0 extends 1 & T ? true : false;
type $Anys<T> = { [K in keyof T]-?: $IsAny<T[K]> extends true ? K : never }[keyof T];
type $In<F> = F extends (body: infer B, ...rest: any[]) => any ? ($IsAny<B> extends true ? any : [$Anys<B>] extends [never] ? B : Omit<B, $Anys<B>>) : any;
type $Told<F> = F extends (...given: any[]) => infer R ? ([Extract<R, Promise<any>>] extends [never] ? false : [Exclude<R, Promise<any>>] extends [never] ? false : true) : false;
type $Wide<T> = $IsAny<T> extends true ? any : unknown extends T ? unknown : T extends string ? string : T extends number ? number : T extends boolean ? boolean : T extends readonly (infer E)[] ? $Wide<E>[] : T extends object ? { [K in keyof T]: $Wide<T[K]> } : T;
type $Each<A> = A extends { readonly bodies: readonly (infer B)[] } ? ([Extract<keyof A, symbol>] extends [never] ? A : B) : A extends { readonly reason: string } ? ([Extract<keyof A, symbol>] extends [never] ? A : never) : A;
type $Body<A> = $IsAny<A> extends true ? any : unknown extends A ? any : [string | number | boolean | null] extends [A] ? any : $Each<A>;
type $Sent<F> = F extends (...given: any[]) => infer R ? $Body<Awaited<R>> : any;
type $Out<F, T> = $Told<F> extends true ? T : $Wide<T>;
`;

/** The assertions; undefined where no function stands beside a schema. */
export function callAssertions({ calls, paths, schemas }: TypedCalls): CallAssertions | undefined {
  const lines: string[] = [schemas.text, HELPERS];
  const at = new Map<number, Assertion>();
  const imported = new Map<string, string>();
  const functionType = (name: string, path: string): string => {
    const known = imported.get(name);
    if (known !== undefined) return known;
    const type = `$Default<typeof $f${imported.size}>`;
    lines.push(`import type * as $f${imported.size} from ${JSON.stringify(path)};\n`);
    imported.set(name, type);
    return type;
  };
  for (const call of calls) {
    const path = paths.get(call.name);
    if (path === undefined || !/\.m?ts$/.test(path)) continue;
    for (const side of ['before', 'after'] as const) {
      const types = call[side].map((schema) => schemas.types.get(schema));
      if (types.length === 0 || types.includes(undefined)) continue;
      const given = functionType(call.name, path);
      const schema = types.join(' | ');
      const [to, from] =
        side === 'before' ? [`$In<${given}>`, schema] : [`$Out<${given}, ${schema}>`, `$Sent<${given}>`];
      at.set(lines.join('').split('\n').length, { call, side });
      lines.push(`export const $${at.size}: ${to} = null! as ${from};\n`);
    }
  }
  if (at.size === 0) return undefined;
  const schemaOf = new Map([...schemas.types].map(([schema, type]) => [type, schema]));
  return {
    text: lines.join(''),
    finding: (message) => {
      const assertion = at.get(message.line);
      return assertion === undefined || !ASSIGNMENT.has(message.code)
        ? undefined
        : misplaced(assertion, message, schemaOf);
    },
  };
}

/** Assignments that do not fit; 2739 to 2741: properties that are missing. */
const ASSIGNMENT = new Set(['TS2322', 'TS2559', 'TS2739', 'TS2740', 'TS2741']);

function misplaced(
  { call, side }: Assertion,
  { text, code }: CompilerMessage,
  schemaOf: ReadonlyMap<string, string>,
): Finding {
  const { name, file, line, column, at } = call;
  const schemas = call[side].join(' or ');
  const chain = text.replaceAll(/import\("[^"]*"\)\./g, '').split('\n');
  const [from = '', to = ''] = typesIn(chain[0] ?? '');
  const [own, does] = side === 'before' ? [to, 'take'] : [from, 'return'];
  const schema = schemaOf.get(own);
  const shown = schema === undefined ? own : `${own} (${schema})`;
  return {
    severity: 'error',
    code: 'FUNCTION_SCHEMAS',
    file,
    line,
    column,
    path: at,
    expected: `${name} to ${does} a body of ${schemas}`,
    found: `that it ${does}s ${shown}, which differs at ${pathIn(chain)}: ${chain.at(-1)?.trim() ?? ''} (${code})`,
    write: `a function of ${schemas}, or another schema ${side === 'before' ? 'before' : 'behind'} ${name}`,
  };
}

/** The types of source and target in the first line of a message. */
function typesIn(line: string): readonly string[] {
  const missing = /in type '(.+)' but required in type '(.+)'\.$/.exec(line);
  const several = /^Type '(.+)' is missing the following properties from type '(.+)': /.exec(line);
  const other = /^Type '(.+)' (?:is not assignable to type|has no properties in common with type) '(.+)'\./.exec(line);
  return (missing ?? several ?? other)?.slice(1) ?? [];
}

/** The field that differs, as a JSON pointer; `/` for the whole body. */
function pathIn(chain: readonly string[]): string {
  const keys = chain.flatMap((line) => {
    const [, property] = /^\s*(?:Types of property|Property) '(.+?)' (?:are|is) /.exec(line) ?? [];
    if (property !== undefined) return [property];
    const [, path] = /^\s*The types of '(.+)' are incompatible/.exec(line) ?? [];
    if (path !== undefined) return path.split('.');
    const [, first] = / is missing the following properties from type '.+': ([^,]+)/.exec(line) ?? [];
    return first === undefined ? [] : [first];
  });
  return keys.length === 0 ? '/' : pointerTo('', ...keys);
}
