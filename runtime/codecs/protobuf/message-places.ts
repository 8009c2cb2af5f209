/** The most messages within one another. */
const MOST_LEVELS = 100;

/**
 * The place of each message in the text of a .proto file, by full name: the index of the outermost message, then of each message
 * within. The text is that of a registry, which has parsed it; only the declarations of messages are looked for.
 */
export function messagePlaces(proto: string): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, readonly number[]>();
  const tokens = tokensOf(proto);
  const open: Block[] = [{ path: [], name: '', messages: 0 }];
  for (const [at, token] of tokens.entries()) {
    const around = open.at(-1);
    const [name = '', brace] = [tokens[at + 1], tokens[at + 2]];
    if (around === undefined) break;
    if (token === 'package' && brace === ';' && open.length === 1) open[0] = { ...around, name };
    else if (token === '}') open.pop();
    else if (token === '{') {
      const isMessage = tokens[at - 2] === 'message' && around.path !== undefined && open.length <= MOST_LEVELS;
      if (!isMessage) open.push({ path: undefined, name: '', messages: 0 });
      else {
        const own = tokens[at - 1] ?? '';
        const block = {
          path: [...around.path, around.messages],
          name: around.name === '' ? own : `${around.name}.${own}`,
          messages: 0,
        };
        around.messages += 1;
        open.push(block);
        places.set(block.name, block.path);
      }
    }
  }
  return places;
}

/** `path`: undefined within anything but a message. */
interface Block {
  readonly path: readonly number[] | undefined;
  readonly name: string;
  /** How many messages it has so far. */
  messages: number;
}

/**
 * Comments and blanks are left out, texts stay whole: a brace within one opens nothing. Comments and texts without an end go to that of
 * the file or line, so that the time is linear whatever stands there.
 */
function tokensOf(proto: string): readonly string[] {
  return [...proto.matchAll(/\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|[\w.]+|[^\s\w]/g)]
    .map(([token]) => token)
    .filter((token) => !token.startsWith('//') && !token.startsWith('/*'));
}
