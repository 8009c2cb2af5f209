import type { ServerKind } from '../harness/shared-servers.ts';

/** What the process of a test file says to the runner. */
export type FileEvent =
  | { readonly kind: 'begins'; readonly id: number; readonly parent: number; readonly name: string }
  | {
      /** A test has ended, or a suite has failed. */
      readonly kind: 'ended';
      readonly id: number;
      readonly ms: number;
      /** The reason, where it was skipped. */
      readonly skipped: string | undefined;
      readonly failure: string | undefined;
    }
  | { readonly kind: 'noted'; readonly text: string }
  /** It waits for the run's server of that kind. */
  | { readonly kind: 'wants'; readonly server: ServerKind };
