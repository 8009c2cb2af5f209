import type { Demand } from '#contract/source.ts';
import type { UnsyncedCheckpoint } from '#contract/unsynced-checkpoint.ts';
import type { Start } from '../options.ts';
import type { StaticMember } from './static-member.ts';

export interface AssignmentSettings {
  readonly window: Demand;
  readonly start: Start;
  readonly isOneLane: boolean;
  readonly maxBytesPerPartition: number;
  readonly group: string;
  /** Of the metadata of a partition's commit. */
  readonly maxMetadataBytes: number;
  /** Where a killed process leaves what it has settled. */
  readonly checkpoint?: UnsyncedCheckpoint | undefined;
  /** Whether the engine sends nothing of a delivery that is revoked. */
  readonly isFenced: boolean;
  /** Keeps the ids of the topics over restarts. */
  readonly identity: Pick<StaticMember, 'readOther' | 'saveTopicIds'>;
}

/** Notifications to the membership. */
export interface AssignmentListener {
  /** There is something to commit. `isMuch`: a window has been settled since the last commit began. */
  moved(isMuch: boolean): void;
  /** A message waits for the next commit. */
  awaited(): void;
  /** Calls `revoke` if the session of this member is over. */
  checkSession(): void;
  failed(part: string, thrown: unknown): void;
  succeeded(part: string): void;
}
