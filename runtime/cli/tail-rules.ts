import { SluiceError } from '#contract/errors.ts';
import type { Expression } from '#contract/expression.ts';
import { codecsFor } from '../codecs/by-content-type.ts';
import { catalog } from '../host/catalog.ts';
import { type CodecSpec, namesRegistry } from '../project/fields/codec-fields.ts';
import { compileTemplate } from '../template/compile-template.ts';
import { type Arguments, UsageError } from './command.ts';
import { clearanceOf } from './clearance.ts';
import type { TailPlace } from './tail-place.ts';
import type { TailRules } from './tail-reader.ts';
import { textOf } from './verify-options.ts';

/** No body is refused for its numbers or its depth: it is looked at, and not sent on. */
const RULES = { numbers: 'keep', depth: 1000 } as const;

/** Rules of what is shown, and how. Throws UsageError. */
export async function tailRules(given: Arguments, place: TailPlace): Promise<TailRules> {
  const filter = textOf(given.values, 'filter');
  return {
    codecOf: await codecs(place),
    keyOf: keyReader(place),
    filter: filter === undefined ? undefined : await expression(filter, place),
    clearance: clearanceOf(given, place.pipeline?.spec.labels),
  };
}

/** By the codec that the end of the route names, else by content type. */
async function codecs(place: TailPlace): Promise<TailRules['codecOf']> {
  const known = codecsFor(catalog.codecs.values(), RULES);
  const { side } = place;
  const spec = side?.name === 'sink' ? (side.sink.codec ?? side.route.from.codec) : side?.route.from.codec;
  if (spec === undefined) return (contentType) => known.byContentType(contentType);
  const codec = spec.schema === undefined ? known.named(spec.name) : await codecWithSchema(spec, place);
  return codec === undefined ? (contentType) => known.byContentType(contentType) : () => codec;
}

/** Of Avro, Protobuf and Confluent's wire format. Undefined where only a schema registry knows the schema. */
async function codecWithSchema(spec: CodecSpec, { pipeline }: TailPlace): ReturnType<typeof makeCodec> {
  return namesRegistry(spec.options) ? undefined : makeCodec(spec, pipeline);
}

async function makeCodec(spec: CodecSpec, pipeline: TailPlace['pipeline']) {
  if (pipeline === undefined) return undefined;
  const [{ loadCodecs }, { codecWithFiles }] = await Promise.all([
    import('./load-codecs.ts'),
    import('../host/route-codecs.ts'),
  ]);
  const { result, project } = pipeline.checked;
  const { codecs: made, findings } = await loadCodecs(result.named.codecs, project, pipeline.file);
  const [first] = findings;
  if (first !== undefined) throw new UsageError(`${first.file}: expected ${first.expected}, found ${first.found}`);
  return codecWithFiles(spec, catalog, made, RULES);
}

/** The key as the route takes it from what it reads. */
function keyReader({ side, bus }: TailPlace): TailRules['keyOf'] {
  const template = side?.name === 'source' ? side.route.from.key : undefined;
  if (template === undefined || side === undefined) return () => undefined;
  const read = compileTemplate(template, {
    route: side.route.name,
    source: bus.grammar,
    target: undefined,
    missing: 'KEY_MISSING',
  });
  return (frame, body) => {
    const { address, headers, key } = frame;
    try {
      return read({ id: frame.id ?? '', address, key, headers, body, origin: frame });
    } catch (thrown) {
      if (thrown instanceof SluiceError) return undefined;
      throw thrown;
    }
  };
}

/** The language of expressions, which only a filter needs. */
async function expression(text: string, { bus }: TailPlace): Promise<Expression> {
  const [{ compileExpression }, { ExpressionFlaw }, { patternOf }] = await Promise.all([
    import('../expressions/language.ts'),
    import('../expressions/flaw.ts'),
    import('../project/schemas/pattern/pattern.ts'),
  ]);
  const use = { grammar: bus.grammar, hasBigints: false, result: 'bool' } as const;
  try {
    return compileExpression(text, use, (source) => patternOf(source, 'u'));
  } catch (thrown) {
    if (!(thrown instanceof ExpressionFlaw)) throw thrown;
    const { expected, found, write, start } = thrown;
    const how = write === '' ? '' : `; write ${write}`;
    throw new UsageError(`--filter, character ${start + 1}: expected ${expected}, found ${found}${how}`, {
      cause: thrown,
    });
  }
}
