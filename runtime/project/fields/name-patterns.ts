/** `fleet`, `forward-gateway`: pipelines and routes; their names go into client ids, durable names, traces and metrics. */
export const NAME_PATTERN = '^[a-z][a-z0-9-]*$';
export const CONNECTION_PATTERN = '^[A-Za-z][A-Za-z0-9_-]*$';
/** `owntracks-location.v1`: files in `functions/` and `schemas/`, without their ending. */
export const FILE_NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]*$';
