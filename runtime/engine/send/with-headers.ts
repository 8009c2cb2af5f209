import type { Frame, Headers } from '#contract/frame.ts';

/**
 * The frame with these headers in place of its own. What a guard released keeps its own (`Frame.sealed`): a header of the bridge would
 * tell the low side of the high one.
 */
export function withHeaders(frame: Frame, headers: Headers): Frame {
  return frame.sealed === true ? frame : { ...frame, headers };
}
