import { SluiceError } from './errors.ts';
import type { Frame } from './frame.ts';

/** The bytes of a frame, for a bus that has no null body. Throws NO_BODY. */
export function bytesFor(bus: string, { body }: Frame): Uint8Array {
  if (body !== null) return body;
  throw new SluiceError('NO_BODY', `expected a body, found none: ${bus} has no message without one`);
}
