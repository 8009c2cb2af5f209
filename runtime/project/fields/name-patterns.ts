/** `fleet`, `forward-gateway`: pipelines and routes; their names go into client ids, durable names, traces and metrics. */
export const NAME_PATTERN = '^[a-z][a-z0-9-]*$';
export const CONNECTION_PATTERN = '^[A-Za-z][A-Za-z0-9_-]*$';
