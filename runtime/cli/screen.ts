/** A part of the terminal that is drawn again and again in place, beneath everything else that is written. */
export interface Screen {
  draw(lines: readonly string[]): void;
  /** Takes it away, so that what is written next stays. */
  clear(): void;
}

const UP = (lines: number): string => `\u001B[${lines}A`;
const CLEAR_BELOW = '\u001B[0J';

export function newScreen(out: NodeJS.WriteStream): Screen {
  let height = 0;
  const begin = (): string => `${height === 0 ? '' : UP(height)}${CLEAR_BELOW}`;
  return {
    draw(lines) {
      out.write(`${begin()}${lines.join('\n')}\n`);
      height = lines.length;
    },
    clear() {
      if (height > 0) out.write(begin());
      height = 0;
    },
  };
}

/** Cut to a terminal of this width; one that does not tell its width says 0. */
export function fitted(line: string, width: number): string {
  const most = width || 80;
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}
