import { type Document, isMap, isScalar, isSeq } from 'yaml';

/** One object of Kubernetes, with comments for a person by the path of the key before which they stand. */
export interface Manifest {
  readonly object: object;
  /** Above the object. */
  readonly head?: string;
  readonly comments?: Readonly<Record<string, string>>;
}

/** YAML of several objects. Throws where a comment has no place. */
export async function manifestText(title: string, manifests: readonly Manifest[]): Promise<string> {
  const { Document: Maker } = await import('yaml');
  const texts = manifests.map(({ object, head, comments = {} }) => {
    const document = new Maker(object);
    if (head !== undefined && document.contents !== null) document.contents.commentBefore = comment(head);
    for (const [path, text] of Object.entries(comments)) place(document, path.split('/'), comment(text));
    return document.toString({ lineWidth: 0, commentString: (text) => text.replaceAll(/^/gm, '#') });
  });
  return `# ${title}\n${texts.map((text) => `---\n${text}`).join('')}`;
}

const WIDTH = 110;

/** Lines of a comment: each begins with a blank. */
function comment(text: string): string {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      if (line !== '' && line.length + word.length > WIDTH) {
        lines.push(line);
        line = '';
      }
      line += ` ${word}`;
    }
    lines.push(line);
  }
  return lines.join('\n');
}

function place(document: Document, path: readonly string[], text: string): void {
  const last = path.at(-1) ?? '';
  const holder = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (isSeq(holder)) {
    const item = holder.items[Number(last)];
    if (isMap(item) || isScalar(item)) {
      item.commentBefore = text;
      return;
    }
  }
  const key = isMap(holder)
    ? holder.items.find((pair) => (isScalar(pair.key) ? pair.key.value : pair.key) === last)?.key
    : undefined;
  if (!isScalar(key)) throw new Error(`no ${path.join('/')} in the manifest`);
  key.commentBefore = text;
}
