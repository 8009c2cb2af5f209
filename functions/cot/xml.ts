import { SaxesParser } from 'saxes';

/** The elements that the reader asks for, by path: the attributes of each. */
export type Elements = ReadonlyMap<string, Readonly<Record<string, string>>>;

const LONGEST = 65_536;
const DEEPEST = 16;
const MOST_ELEMENTS = 500;

/** The document is refused. The message is what is wrong, and never holds text of the document. */
export class RefusedXml extends Error {
  override readonly name = 'RefusedXml';
}

/**
 * The attributes of the elements at these paths (`event/point`), of which each may occur once. Elements of a namespace are none of
 * them. Throws RefusedXml: for XML that is not well-formed, for a document type and with it every entity but the five of XML,
 * for what is longer, deeper or more than a message of a position is.
 */
export function elementsOf(text: string, paths: ReadonlySet<string>): Elements {
  if (text.length > LONGEST) throw new RefusedXml(`more than ${LONGEST} characters`);
  const found = new Map<string, Readonly<Record<string, string>>>();
  const open: string[] = [];
  let count = 0;
  const parser = new SaxesParser({ xmlns: true });
  parser.on('error', (error) => {
    // The parser's text begins with the line and column.
    throw new RefusedXml(`not well-formed XML at ${/^\d+:\d+/.exec(error.message)?.[0] ?? 'its end'}`);
  });
  parser.on('doctype', () => {
    throw new RefusedXml('a document type');
  });
  parser.on('opentag', ({ uri, local, attributes }) => {
    open.push(uri === '' ? local : `{}${local}`);
    count += 1;
    if (open.length > DEEPEST || count > MOST_ELEMENTS) throw new RefusedXml('too many elements, or too deep ones');
    const path = open.join('/');
    if (!paths.has(path)) return;
    if (found.has(path)) throw new RefusedXml(`two elements ${path}`);
    const own = Object.values(attributes).filter((attribute) => attribute.uri === '');
    found.set(path, Object.fromEntries(own.map(({ local: name, value }) => [name, value])));
  });
  parser.on('closetag', () => {
    open.pop();
  });
  parser.write(text).close();
  return found;
}

/** An element without content. */
export function element(name: string, attributes: Readonly<Record<string, string>>): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`);
  return `<${name}${written.join('')}/>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
