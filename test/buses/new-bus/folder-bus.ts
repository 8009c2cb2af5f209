import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus, Guarantees } from '#contract/bus.ts';
import type { Frame } from '#contract/frame.ts';
import { patternOf } from '../../../runtime/kit/address-pattern.ts';
import { levelCodec } from '../../../runtime/kit/level-codec.ts';

interface Connection {
  readonly folder: string;
}
interface From {
  readonly files: readonly string[];
}
interface To {
  readonly file: string;
}

const POLL_MS = 20;
const text = { type: 'string', minLength: 1 } as const;
const WILDCARDS = { one: '*', levels: '**' } as const;

const GUARANTEES: Guarantees = {
  confirms: 'stored',
  redelivers: true,
  ordered: 'address',
  stamps: 'none',
  carriesHeaders: true,
  carriesKey: true,
  carriesExpiry: false,
  carriesNull: false,
  deduplicates: false,
  recoversIds: false,
  notes: ['a start reads the whole file'],
};

function isText(address: string): boolean {
  return /^\w+(\.\w+)*$/.test(address);
}

/**
 * The smallest bus that two processes can share: a folder, one line of one file a frame. Everything that Sluice has to know
 * of it is in this value.
 */
export const folderBus: Bus<Connection, From, To> = {
  name: 'folder',
  module: { file: import.meta.filename, exportName: 'folderBus' },
  page: {
    title: 'Folder',
    examples: [
      { title: 'source', from: { files: ['a'] } },
      { title: 'sink', to: { file: 'a' } },
    ],
  },
  spans: {
    system: 'folder',
    send: 'write',
    settle: { accept: 'read', reject: 'read' },
    destinations: ({ end }) => end.files,
  },
  grammar: {
    word: 'file',
    separator: '.',
    wildcards: WILDCARDS,
    encoding: 'all but letters and digits is escaped with _',
    ...levelCodec({ escape: '_', refused: /[^A-Za-z0-9]/, hasEmpty: false }),
    flaw: (address) => (isText(address) ? undefined : 'what names no file here'),
  },
  urls: {
    schemes: ['folder'],
    form: 'folder://PARENT/FILE',
    sink: ({ authority, path }) => ({ connection: { folder: authority }, end: { file: path } }),
    source: ({ authority, path }) => ({ connection: { folder: authority }, end: { files: [path] } }),
  },
  opposite: {
    sink: ({ files: [filter = ''] }, { addressUnder }) => ({ file: addressUnder(filter) }),
    source: (_, { filter }) => ({ files: [filter] }),
  },
  connectionSchema: {
    type: 'object',
    additionalProperties: false,
    required: ['folder'],
    properties: { folder: { ...text, description: 'Where the files are.' } },
  },
  sourceSchema: {
    type: 'object',
    additionalProperties: false,
    required: ['files'],
    properties: { files: { type: 'array', minItems: 1, items: text, description: 'Names of files to read.' } },
  },
  sinkSchema: {
    type: 'object',
    additionalProperties: false,
    required: ['file'],
    properties: { file: { ...text, description: 'Template of the name of the file.' } },
  },
  addressOptions: ['file'],
  sourceGuarantees: () => GUARANTEES,
  sinkGuarantees: () => GUARANTEES,
  servers: ({ folder }) => [`folder ${folder}`],
  reads: ({ end }) =>
    end.files.map((filter, at) => ({
      spaces: ['files'],
      filter: patternOf(filter, { separator: '.', ...WILDCARDS }),
      path: ['files', String(at)],
    })),
  writes: () => ['files'],
  flaws: () => [],
  openSource({ connection, end }, context) {
    context.report({ kind: 'connected', detail: connection.folder });
    // The address is in each line: one log for all files of a folder keeps their order.
    const log = join(connection.folder, 'log');
    const wanted = end.files.map((file) => matcher(file));
    let at = 0;
    return Promise.resolve({
      async read({ messages }, signal) {
        while (!signal.aborted) {
          const lines = (await readFile(log, 'utf8').catch(() => '')).split('\n').slice(0, -1);
          const from = at;
          const fresh = lines.slice(from, from + messages);
          at += fresh.length;
          const found = fresh
            .map((line, index) => ({ id: String(from + index), frame: frameOf(line), attempt: 1, settle() {} }))
            .filter(({ frame }) => wanted.some((matches) => matches(frame.address)));
          if (found.length > 0) return found;
          if (fresh.length === 0) await sleep(POLL_MS);
        }
        return [];
      },
      close: () => Promise.resolve(),
    });
  },
  openSink({ connection }, context) {
    context.report({ kind: 'connected', detail: connection.folder });
    let last = Promise.resolve();
    return Promise.resolve({
      maxInFlight: 100,
      async send(frame) {
        last = last.then(() => appendFile(join(connection.folder, 'log'), `${lineOf(frame)}\n`));
        await last;
        return 'confirmed' as const;
      },
      close: () => last,
    });
  },
};

function matcher(filter: string): (address: string) => boolean {
  const source = filter.split('.').map((level) => (level === '*' ? '[^.]+' : level === '**' ? '.*' : level));
  const pattern = new RegExp(`^${source.join(String.raw`\.`)}$`);
  return (address) => pattern.test(address);
}

function lineOf({ address, key, headers, body, id, contentType }: Frame): string {
  const bytes = Buffer.from(body ?? []).toString('base64');
  return JSON.stringify({ address, key, headers: [...headers], body: bytes, id, contentType });
}

function frameOf(line: string): Frame {
  const { headers, body, ...rest } = JSON.parse(line) as Omit<Frame, 'headers' | 'body'> & {
    readonly headers: readonly [string, readonly string[]][];
    readonly body: string;
  };
  return {
    ...rest,
    key: rest.key,
    id: rest.id,
    contentType: rest.contentType,
    headers: new Map(headers),
    headerTypes: undefined,
    body: Buffer.from(body, 'base64'),
    timestampMs: undefined,
    expiresAtMs: undefined,
  };
}
