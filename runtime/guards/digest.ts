import { createHash } from 'node:crypto';

/** As audit records and statements to approvers write it. */
export function digestOf(content: Uint8Array | string): string {
  return `sha-256:${createHash('sha256').update(content).digest('hex')}`;
}
