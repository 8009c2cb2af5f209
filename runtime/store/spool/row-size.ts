import { PAGE_BYTES } from './database.ts';
import type { EncodedRow } from './stored-message.ts';

/** The cost of a row beyond its head and body, and the part of a page that its rows share. */
const ROW_BYTES = 32;
const SHARED_BYTES = PAGE_BYTES - 35;
/** Of a row that is larger than one page: the least that lies in its own page, and the capacity of each further page. */
const OWN_BYTES = 489;
const FURTHER_BYTES = PAGE_BYTES - 4;

/** The bytes that a row takes of the file: https://www.sqlite.org/fileformat2.html, sections 1.6 and 2.6. */
export function rowSize({ head, body }: EncodedRow, lane = ''): number {
  const bytes = Buffer.byteLength(head) + (body?.length ?? 0) + 2 * lane.length + ROW_BYTES;
  const perPage = Math.floor(SHARED_BYTES / bytes);
  if (perPage > 0) return PAGE_BYTES / perPage;
  return PAGE_BYTES * (1 + Math.ceil((bytes - OWN_BYTES) / FURTHER_BYTES));
}
