/** Values beside the text of a line. What is no text, number or boolean is written as JSON. */
export type FunctionLogFields = Readonly<Record<string, unknown>>;

/**
 * Writes lines with the event `function`, and with route, function, message id and trace id beside their own fields. Never throws.
 * What a function logs leaves the process whatever the label of its message: never log a body, a key or a secret.
 */
export interface FunctionLog {
  /** Only where SLUICE_LOG asks for it. */
  debug(text: string, fields?: FunctionLogFields): void;
  info(text: string, fields?: FunctionLogFields): void;
  warn(text: string, fields?: FunctionLogFields): void;
  error(text: string, fields?: FunctionLogFields): void;
}
