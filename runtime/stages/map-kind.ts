import type { Expression } from '#contract/expression.ts';
import { type Message, withBody } from '#contract/message.ts';
import type { StageFlaw, StageKind } from '#contract/stage-kind.ts';
import { asList, asMap, own, type PlainMap } from '#kit/json-value.ts';
import { EXPRESSION_SCHEMA, textsOf } from './expression-value.ts';
import { asFields, type Path, pathOf, take, withField, without } from './paths.ts';

/** Names between dots. */
const FIELD = { type: 'string', pattern: String.raw`^[^.\s]+(\.[^.\s]+)*$`, examples: ['position.latitude'] } as const;
const NAMES = {
  pattern: FIELD.pattern,
  description: 'names of fields, with dots between them',
  examples: FIELD.examples,
};

/** Names that change every object of a program that merges maps. */
const UNSAFE: readonly string[] = ['__proto__', 'constructor', 'prototype'];

/** The edits of one stage, in their order. */
interface Edits {
  readonly keep: readonly Path[] | undefined;
  readonly remove: readonly Path[];
  readonly rename: readonly { readonly from: Path; readonly to: Path }[];
  readonly set: readonly { readonly to: Path; readonly value: Expression }[];
}

/** `map: { keep: [...], remove: [...], rename: {...}, set: {...} }`. */
export const mapKind: StageKind = {
  verb: 'map',
  value: {
    type: 'object',
    additionalProperties: false,
    minProperties: 1,
    properties: {
      keep: { type: 'array', items: FIELD, description: 'The fields that stay; all others go.' },
      remove: { type: 'array', items: FIELD, description: 'Fields that go.' },
      rename: {
        type: 'object',
        propertyNames: NAMES,
        additionalProperties: FIELD,
        description: 'Fields that move: old name to new name.',
      },
      set: {
        type: 'object',
        propertyNames: NAMES,
        additionalProperties: EXPRESSION_SCHEMA,
        description: 'Fields that are written: name to expression, which reads the body as it came.',
      },
    },
    examples: [{ remove: ['debug'], set: { speedMps: 'body.speed * 0.514444' } }],
  },
  schema: { type: 'object', additionalProperties: false, properties: {} },
  changesBody: true,
  description: 'Edits the fields of a body: keep, remove, rename, set, in that order.',
  page: 'expressions.md',
  expressions({ map }) {
    return Object.entries(asMap(own(asMap(map), 'set'))).flatMap(([field, text]) =>
      textsOf(['map', 'set', field], text, 'value'),
    );
  },
  fields: ({ map }) => [
    ...['keep', 'remove'].flatMap((word) =>
      asList(own(asMap(map), word)).map((field, at) => ({ path: ['map', word, at], field: String(field) })),
    ),
    ...Object.keys(asMap(own(asMap(map), 'rename'))).map((field) => ({ path: ['map', 'rename', field], field })),
  ],
  flaws: ({ map }) => flawsOf(asMap(map)),
  make({ name, value, expression }) {
    const edits = editsOf(asMap(value), (text) => expression(text, 'value'));
    return { name: `map ${name}`, run: (message) => withBody(message, edited(message, edits)) };
  },
};

function editsOf(map: PlainMap, compile: (text: string) => Expression): Edits {
  const paths = (word: string): readonly Path[] => asList(own(map, word)).map((field) => pathOf(String(field)));
  return {
    keep: own(map, 'keep') === undefined ? undefined : paths('keep'),
    remove: paths('remove'),
    rename: Object.entries(asMap(own(map, 'rename'))).map(([from, to]) => ({
      from: pathOf(from),
      to: pathOf(String(to)),
    })),
    set: Object.entries(asMap(own(map, 'set'))).map(([to, text]) => ({ to: pathOf(to), value: compile(String(text)) })),
  };
}

/** The edited body. The given one is not changed: a retry begins with it again. */
function edited(message: Message, { keep, remove, rename, set }: Edits): PlainMap {
  const given = asFields(message.body, []);
  let body = given;
  if (keep !== undefined) {
    body = {};
    for (const path of keep) {
      const { isThere, value } = take(given, path);
      if (isThere) body = withField(body, path, value);
    }
  }
  for (const path of remove) body = without(body, path);
  if (rename.length > 0) {
    // All are taken before the first is put: two fields may change places.
    const moved = rename.map(({ from, to }) => ({ from, to, ...take(body, from) })).filter(({ isThere }) => isThere);
    for (const { from } of moved) body = without(body, from);
    for (const { to, value } of moved) body = withField(body, to, value);
  }
  for (const { to, value } of set) body = withField(body, to, value.evaluate(message));
  return body;
}

function flaw(expected: string, found: string, write: string): StageFlaw {
  return { option: 'map', expected, found, write };
}

function flawsOf(map: PlainMap): readonly StageFlaw[] {
  const rename = Object.entries(asMap(own(map, 'rename')));
  const set = Object.keys(asMap(own(map, 'set')));
  const written = [...rename.map(([, to]) => String(to)), ...set, ...asList(own(map, 'keep')).map(String)];
  const unsafe = written.find((field) => pathOf(field).some((name) => UNSAFE.includes(name)));
  if (unsafe !== undefined) return [flaw('a name that changes no object but its own', unsafe, 'another name')];
  const targets = [...rename.map(([, to]) => String(to)), ...set];
  const twice = targets.find((field, at) => targets.indexOf(field) !== at);
  if (twice !== undefined) return [flaw('each field written once', `${twice} twice`, 'one of the two')];
  const beneath = targets.find((field) => targets.some((other) => field.startsWith(`${other}.`)));
  if (beneath === undefined) return [];
  return [flaw('fields that do not lie within one another', `${beneath}, and what it lies in`, 'one of the two')];
}
