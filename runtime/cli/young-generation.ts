import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Both halves of it. */
const MOST_BYTES = 16 * 2 ** 20;
const LOOK_MS = 20;

/**
 * Keeps V8's young generation from growing beyond 16 MiB. Under lasting load V8 doubles it up to 128 MiB, though a window
 * of messages survives no longer for it: memory without a gain. `--max-semi-space-size` does the same, but only at the
 * start of a process, and the bridge does not control how a bundle is started. The function returned ends the checks.
 */
export function boundYoungGeneration(): () => void {
  const timer = setInterval(() => {
    const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
    // It grows by doubling.
    if (young !== undefined && young.space_size * 2 <= MOST_BYTES) return;
    setFlagsFromString('--semi-space-growth-factor=1');
    clearInterval(timer);
  }, LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
