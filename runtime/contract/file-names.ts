/** `owntracks-location.v1`: files in `functions/` and `schemas/`, without their ending. */
export const FILE_NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]*$';
