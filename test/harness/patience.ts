const given = Number(process.env['SLUICE_TEST_PATIENCE'] ?? '1');

/** How much longer than on a quiet machine everything may take: SLUICE_TEST_PATIENCE, 1 by default. */
export const PATIENCE = Number.isFinite(given) && given > 0 ? given : 1;

/** A deadline as this run has it. For what must happen in time, never for how long a test does something. */
export function patient(ms: number): number {
  return ms * PATIENCE;
}
