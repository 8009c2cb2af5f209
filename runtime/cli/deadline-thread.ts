/** What the thread is told once, at its start. */
export interface DeadlineOrders {
  /** One word: 0 while the check is at work, 1 once it has ended, 2 once it was cut. */
  readonly memory: SharedArrayBuffer;
  readonly limitMs: number;
  /** Processor time without which the check was not at work: the machine is busy with something else. */
  readonly leastWorkMs: number;
  /** However little the check was at work. */
  readonly latestMs: number;
  readonly output: 1 | 2;
  readonly text: string;
  readonly exitCode: number;
}

/**
 * The whole life of the thread that ends a check which does not end. Its source text alone goes there, so it refers to
 * nothing outside of itself but types.
 */
export function deadlineThread(): void {
  const { workerData } = process.getBuiltinModule('node:worker_threads');
  const { writeSync } = process.getBuiltinModule('node:fs');
  const orders: DeadlineOrders = workerData;
  const { memory, limitMs, leastWorkMs, latestMs, output, text, exitCode } = orders;
  const state = new Int32Array(memory);
  const workMs = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };
  const lookMs = 50;
  const startWorkMs = workMs();
  let passedMs = 0;
  let lookedAtMs = performance.now();
  for (;;) {
    if (Atomics.wait(state, 0, 0, lookMs) !== 'timed-out') return;
    const nowMs = performance.now();
    // A process that was stopped begins anew where it was.
    passedMs += Math.min(nowMs - lookedAtMs, 1000);
    lookedAtMs = nowMs;
    if (passedMs >= latestMs) break;
    if (passedMs >= limitMs && workMs() - startWorkMs >= leastWorkMs) break;
  }
  if (Atomics.compareExchange(state, 0, 0, 2) !== 0) return;
  try {
    writeSync(output, text);
  } catch {
    // Nobody reads it any more.
  }
  // Into a loop that never looks up only a debugger's word gets. Everything is told by now: what Node says of debuggers when
  // it ends goes nowhere.
  const words = `process.getBuiltinModule('node:fs').closeSync(2); process.reallyExit(${exitCode})`;
  const { Session } = process.getBuiltinModule('node:inspector');
  const session = new Session();
  session.connectToMainThread();
  session.post('Runtime.evaluate', { expression: words });
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 500);
}
