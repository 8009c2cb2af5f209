import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Something that was fetched or built, and that counts only with the stamp of its version, which is written last. */
export interface Stamped {
  readonly path: string;
  readonly version: string;
}

const stampOf = ({ path }: Stamped): string => `${path}.stamp`;

export function isStamped(wanted: Stamped): boolean {
  const stamp = stampOf(wanted);
  return existsSync(wanted.path) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted.version;
}

/**
 * Lets `make` fill a folder beside the place, then moves what it names into place. Processes do this at the same
 * time: whoever comes second finds the place taken and is content when it is stamped.
 */
export async function makeStamped(wanted: Stamped, make: (partial: string) => Promise<string>): Promise<void> {
  const partial = `${wanted.path}.partial-${process.pid}-${wanted.version}`;
  try {
    mkdirSync(dirname(wanted.path), { recursive: true });
    const made = await make(partial);
    if (isStamped(wanted)) return;
    rmSync(wanted.path, { recursive: true, force: true });
    try {
      renameSync(made, wanted.path);
    } catch (error) {
      if (!existsSync(wanted.path)) throw error;
    }
    writeFileSync(stampOf(wanted), wanted.version);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** The end of what a failed command said. */
export function lastWords(error: unknown): string {
  return error instanceof Error ? error.message.trim().split('\n').slice(-3).join(' ') : String(error);
}
