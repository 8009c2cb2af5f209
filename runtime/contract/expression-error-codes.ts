// The codes of expressions, and of the stages that are made of them. Part of ERRORS, each by its name: a bundle that uses no
// code leaves the whole table out, which a spread would prevent.

export const EXPRESSION_FAILED = {
  verdict: 'reject',
  scope: 'message',
  remedy:
    'An expression of the route has no value for this message; the text names the expression and the place in it. Fix the publisher, or ask first: has(body.x) && body.x > 3.',
} as const;

export const MAP_FAILED = {
  verdict: 'reject',
  scope: 'message',
  remedy:
    'A stage map edits fields of maps, and found something else at this place. Fix the publisher, or validate the body before.',
} as const;

export const SPLIT_TOO_LARGE = {
  verdict: 'reject',
  scope: 'message',
  remedy:
    'The list of a stage split has more elements than its max. Raise max beside split, or have the publisher send less at once.',
} as const;
