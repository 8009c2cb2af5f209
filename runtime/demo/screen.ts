/** A part of the terminal that is drawn again and again in place. */
export interface Screen {
  draw(lines: readonly string[]): void;
}

const UP = (lines: number): string => `\u001B[${lines}A`;
const CLEAR_BELOW = '\u001B[0J';

export function newScreen(out: NodeJS.WriteStream): Screen {
  let height = 0;
  return {
    draw(lines) {
      out.write(`${height === 0 ? '' : UP(height)}${CLEAR_BELOW}${lines.join('\n')}\n`);
      height = lines.length;
    },
  };
}
