import { styleText } from 'node:util';
import type { Paint } from '../rehearsal/trial/trial-text.ts';
import type { TerminalStream } from './screen.ts';

/** Colour and cursor movement only where a terminal watches and nobody refused them. */
export function isLive({ isTTY }: TerminalStream): boolean {
  return isTTY && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb';
}

export function paintOf(stream: TerminalStream): Paint {
  const isColoured = isLive(stream);
  return (style, text) => (isColoured ? styleText(style, text, { validateStream: false }) : text);
}
