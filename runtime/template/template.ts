/** A field of a template. `offset`: position of its opening brace in the template. */
export type TemplateField = { readonly offset: number; readonly written: string } & (
  | { readonly kind: 'key' | 'id' | 'route' }
  /** `{topic.1}`: the address word of the source's bus and a level of the address, from 0. */
  | { readonly kind: 'level'; readonly word: string; readonly level: number }
  /** `{topic.1+}`: that level and all after it. */
  | { readonly kind: 'rest'; readonly word: string; readonly level: number }
  | { readonly kind: 'body'; readonly path: readonly string[] }
  | { readonly kind: 'header'; readonly name: string }
  /** Well formed, but not a field of any message. */
  | { readonly kind: 'unknown'; readonly word: string }
);

/** Fixed text and fields, in order. */
export type TemplatePart = string | TemplateField;

interface TemplateFlaw {
  readonly offset: number;
  readonly expected: string;
  readonly found: string;
  readonly write: string;
}

export type ParsedTemplate = { readonly parts: readonly TemplatePart[] } | { readonly flaw: TemplateFlaw };

const FIELD = /^([A-Za-z][A-Za-z0-9]*)((?:\.[^.{}\s]+)*)$/;

const LEVEL = /^(0|[1-9][0-9]{0,3})(\+?)$/;

function field(inner: string, offset: number): TemplateField | undefined {
  const match = FIELD.exec(inner);
  if (match?.[1] === undefined) return undefined;
  const [, word, tail = ''] = match;
  const path = tail.split('.').slice(1);
  const [first] = path;
  const at = { offset, written: `{${inner}}` };
  if (first === undefined) {
    const kind = word === 'key' || word === 'id' || word === 'route' ? word : undefined;
    return kind === undefined ? { ...at, kind: 'unknown', word } : { ...at, kind };
  }
  if (word === 'body') return { ...at, kind: 'body', path };
  // Header names may hold dots.
  if (word === 'header') return { ...at, kind: 'header', name: tail.slice(1) };
  const level = path.length === 1 ? LEVEL.exec(first) : null;
  if (level !== null) return { ...at, kind: level[2] === '+' ? 'rest' : 'level', word, level: Number(level[1]) };
  return { ...at, kind: 'unknown', word };
}

/** Parses a template: `{field}` is a field of the message, `{{` is a brace, all other text is literal. */
export function parseTemplate(text: string): ParsedTemplate {
  const parts: TemplatePart[] = [];
  let literal = '';
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf('{', at);
    if (open === -1) break;
    literal += text.slice(at, open);
    if (text[open + 1] === '{') {
      literal += '{';
      at = open + 2;
      continue;
    }
    const close = text.indexOf('}', open);
    const inner = close === -1 ? text.slice(open + 1) : text.slice(open + 1, close);
    const found = close === -1 ? undefined : field(inner, open);
    if (found === undefined) return { flaw: flaw(inner, open, close === -1) };
    if (literal !== '') parts.push(literal);
    literal = '';
    parts.push(found);
    at = close + 1;
  }
  literal += text.slice(at);
  if (literal !== '') parts.push(literal);
  return { parts };
}

function flaw(inner: string, offset: number, isOpen: boolean): TemplateFlaw {
  const expected = 'a field such as {key}, {body.unit}, {header.name} or {topic.1}';
  if (isOpen)
    return { offset, expected: 'a closing brace }', found: 'none', write: `{${inner.trim()}}, or {{ for a brace` };
  if (inner === '') return { offset, expected, found: '{}', write: 'the name of a field' };
  const squeezed = inner.replaceAll(/\s/g, '');
  const write = field(squeezed, offset) === undefined ? 'letters, digits and dots: {body.unit}' : `{${squeezed}}`;
  return { offset, expected, found: `{${inner}}`, write };
}
