import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { REPOSITORY } from './sluice-process.ts';
import { waitFor } from './wait-for.ts';

const SERVER = join(REPOSITORY, 'node_modules/yaml-language-server/bin/yaml-language-server');
/** Stands in a text for the cursor. */
const CURSOR = '▮';
const LONGEST_MS = 30_000;

interface Place {
  readonly textDocument: { readonly uri: string };
  readonly position: { readonly line: number; readonly character: number };
}

/** What an editor offers at the cursor: the word, and its text. */
export type Offers = ReadonlyMap<string, string>;

/** yaml-language-server as an editor talks to it, with no settings but those of its own. */
export interface LanguageServer extends AsyncDisposable {
  /** What is offered where CURSOR stands in the text of a file. */
  complete(file: string, text: string): Promise<Offers>;
  /** The text that is shown over the word in which CURSOR stands. */
  hover(file: string, text: string): Promise<string>;
  /** `LINE:COLUMN message` of each mark, from 1. */
  marks(file: string, text: string): Promise<readonly string[]>;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: {
    readonly items?: readonly unknown[];
    readonly uri?: string;
    readonly diagnostics?: readonly Mark[];
  };
  readonly result?: unknown;
}

interface Mark {
  readonly message: string;
  readonly range: { readonly start: { readonly line: number; readonly character: number } };
}

export async function startLanguageServer(): Promise<LanguageServer> {
  const child = spawn(process.execPath, [SERVER, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers = new Map<number, unknown>();
  const marks = new Map<string, readonly Mark[]>();
  const send = (message: object): void => {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message });
    child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  };
  const take = ({ id, method, params, result }: Message): void => {
    // It asks too: for settings, of which there are none.
    if (id !== undefined && method !== undefined) send({ id, result: params?.items?.map(() => null) ?? null });
    else if (id !== undefined) answers.set(id, result);
    else if (params?.uri !== undefined && params.diagnostics !== undefined) marks.set(params.uri, params.diagnostics);
  };
  let left = Buffer.alloc(0);
  child.stdout.on('data', (chunk: Buffer) => {
    left = Buffer.concat([left, chunk]);
    for (;;) {
      const body = left.indexOf('\r\n\r\n') + 4;
      const length = Number(/Content-Length: (\d+)/.exec(left.subarray(0, Math.max(0, body)).toString())?.[1] ?? NaN);
      if (!(left.length >= body + length)) return;
      take(JSON.parse(left.subarray(body, body + length).toString()) as Message);
      left = left.subarray(body + length);
    }
  });
  let last = 0;
  const ask = async <Answer>(method: string, params: object): Promise<Answer> => {
    const id = ++last;
    send({ id, method, params });
    return waitFor(
      () => (answers.has(id) ? { answer: answers.get(id) as Answer } : undefined),
      LONGEST_MS,
      method,
    ).then(({ answer }) => answer);
  };
  const open = (file: string, text: string): Place => {
    const before = text.slice(0, Math.max(0, text.indexOf(CURSOR))).split('\n');
    const uri = `${pathToFileURL(file).href}?${++last}.yaml`.replace('?', '-');
    const document = { uri, languageId: 'yaml', version: 1, text: text.replace(CURSOR, '') };
    send({ method: 'textDocument/didOpen', params: { textDocument: document } });
    return { textDocument: { uri }, position: { line: before.length - 1, character: before.at(-1)?.length ?? 0 } };
  };
  const capabilities = {
    textDocument: {
      completion: { completionItem: { snippetSupport: true, documentationFormat: ['markdown'] } },
      hover: {},
    },
  };
  await ask('initialize', { processId: process.pid, rootUri: null, capabilities, workspaceFolders: null });
  send({ method: 'initialized', params: {} });
  return {
    async complete(file, text) {
      type Item = { label: string; documentation?: string | { value: string } };
      const { items } = await ask<{ items: readonly Item[] }>('textDocument/completion', open(file, text));
      return new Map(
        items.map(({ label, documentation = '' }) => [
          label,
          typeof documentation === 'string' ? documentation : documentation.value,
        ]),
      );
    },
    async hover(file, text) {
      const found = await ask<{ contents: { value: string } } | null>('textDocument/hover', open(file, text));
      return found?.contents.value ?? '';
    },
    async marks(file, text) {
      const { uri } = open(file, text).textDocument;
      const found = await waitFor(() => marks.get(uri), LONGEST_MS, `the marks of ${file}`);
      return found.map(({ message, range: { start } }) => `${start.line + 1}:${start.character + 1} ${message}`);
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGKILL');
      await ended;
    },
  };
}
