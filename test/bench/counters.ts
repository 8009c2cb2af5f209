import { readFileSync } from 'node:fs';

/** What a process has used until now. */
export interface Counters {
  readonly atMs: number;
  readonly cpuUs: number;
  /**
   * Iterations of the event loop of this thread, each of which asks the kernel for events once (`epoll_wait`). Those of
   * other threads are not in it.
   */
  readonly wakeUps: number;
  /**
   * System calls that wrote (`write`, `writev`, `pwrite` and their like, of every thread): to sockets, to files, and to the
   * descriptors by which threads wake each other. `send` and its like are not in it; Node writes to TCP without them.
   * Undefined except on Linux.
   */
  readonly writes: number | undefined;
}

const isLinux = process.platform === 'linux';

export function countersNow(): Counters {
  const { user, system } = process.cpuUsage();
  return {
    atMs: performance.now(),
    cpuUs: user + system,
    wakeUps: performance.nodeTiming.uvMetricsInfo.loopCount,
    writes: isLinux ? Number(/^syscw: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]) : undefined,
  };
}

/** The most that was resident at any time. */
export function peakRssMb(): number {
  // `maxRSS` counts what the process was before it became this program: the parent, which has just made a million messages.
  if (!isLinux) return process.resourceUsage().maxRSS / 1024;
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
}
