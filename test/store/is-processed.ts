import type { ProcessedIds } from '#contract/processed-ids.ts';

/** Whether the processed ids remembers the id. */
export function isProcessed(processedIds: ProcessedIds, id: string): boolean {
  return processedIds.addedAtMs(id) !== undefined;
}
