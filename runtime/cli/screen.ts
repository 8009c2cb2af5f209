import { StringDecoder } from 'node:string_decoder';

/** A part of the terminal that is redrawn in place, beneath all other output. */
export interface Screen {
  /** From now on other output of the process goes above it. */
  draw(lines: readonly string[]): void;
  /** Removes it; later output stays. */
  clear(): void;
  /** Ends it without removing it: later output goes beneath it. */
  leave(): void;
}

/** A stream of the process that may be the terminal. */
export type TerminalStream = Pick<NodeJS.WriteStream, 'write' | 'isTTY'>;

/** Of the first column: the terminal itself may have written `^C`. */
const UP = (lines: number): string => `\r\u001B[${lines}A`;
const CLEAR_BELOW = '\u001B[0J';
/** A line without an end is held back until its end or the next drawing, and no longer than this. */
const LONGEST_HELD = 16_384;

type Written = (error?: Error | null) => void;

/** `beside`: further streams that may lead to the same terminal. */
export function newScreen(
  out: TerminalStream,
  beside: readonly TerminalStream[] = [process.stdout, process.stderr],
): Screen {
  const taken = new Map<TerminalStream, Taken>();
  let lines: readonly string[] = [];
  const raw = (text: string): boolean => (taken.get(out)?.write ?? out.write).call(out, text);
  const begin = (): string => `${lines.length === 0 ? '' : UP(lines.length)}${CLEAR_BELOW}`;
  const shown = (): string => (lines.length === 0 ? '' : `${lines.join('\n')}\n`);
  /** Ends an unfinished line above, so that the screen begins in the first column. */
  const endLines = (): void => {
    for (const [stream, one] of taken) {
      if (one.held !== '') one.write.call(stream, `${one.held}\n`);
      one.held = '';
    }
  };
  const above = (stream: TerminalStream, one: Taken, text: string, then: Written | undefined): boolean => {
    const whole = one.held + text;
    const last = whole.lastIndexOf('\n') + 1;
    const end = whole.length - last > LONGEST_HELD ? whole.length : last;
    one.held = whole.slice(end);
    const ended = whole.slice(0, end);
    if (ended === '') {
      if (then !== undefined) process.nextTick(then);
      return true;
    }
    raw(begin());
    const isReady = one.write.call(stream, ended.endsWith('\n') ? ended : `${ended}\n`, undefined, then);
    raw(shown());
    return isReady;
  };
  const take = (stream: TerminalStream): void => {
    const one: Taken = { write: stream.write, decoder: new StringDecoder(), held: '' };
    taken.set(stream, one);
    stream.write = (chunk: string | Uint8Array, encoding?: BufferEncoding | Written, then?: Written): boolean => {
      const named = typeof encoding === 'string' ? encoding : undefined;
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk, named) : chunk;
      return above(stream, one, one.decoder.write(bytes), typeof encoding === 'function' ? encoding : then);
    };
  };
  const giveBack = (): void => {
    for (const [stream, { write }] of taken) stream.write = write;
    taken.clear();
    lines = [];
  };
  return {
    draw(next) {
      if (taken.size === 0) for (const stream of new Set([out, ...beside.filter(({ isTTY }) => isTTY)])) take(stream);
      raw(begin());
      endLines();
      lines = next;
      raw(shown());
    },
    clear() {
      if (lines.length > 0) raw(begin());
      endLines();
      giveBack();
    },
    leave() {
      endLines();
      giveBack();
    },
  };
}

/** A stream whose output goes above the screen. */
interface Taken {
  readonly write: TerminalStream['write'];
  /** Characters may be cut between two writes. */
  readonly decoder: StringDecoder;
  held: string;
}

/** Cut to the width of the terminal; a terminal without a width reports 0. */
export function fitted(line: string, width: number): string {
  const most = width || 80;
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}
