import { styleText } from 'node:util';
import type { Paint } from '../rehearsal/trial/trial-text.ts';

/** Where text goes: a terminal, a file or a pipe. */
interface Output {
  readonly isTTY?: boolean;
}

/** Colour and cursor movement only where a terminal watches and nobody refused them. */
export function isLive({ isTTY }: Output, environment: NodeJS.ProcessEnv = process.env): boolean {
  return isTTY === true && (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb';
}

export function paintOf(stream: Output): Paint {
  const isColoured = isLive(stream);
  return (style, text) => (isColoured ? styleText(style, text, { validateStream: false }) : text);
}
