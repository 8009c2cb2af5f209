/** Where the runner writes what the files of a run share. Unset where a file runs by itself. */
export const RUN_VARIABLE = 'SLUICE_TEST_RUN';
