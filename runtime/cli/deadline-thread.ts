/** The settings of the deadline thread, passed at its start. */
export interface DeadlineOrders {
  /** One word: 0 while the check runs, 1 once it has ended, 2 once it was cut. */
  readonly memory: SharedArrayBuffer;
  readonly limitMs: number;
  /** With less processor time the check did not run: the machine is busy with other work. */
  readonly leastWorkMs: number;
  /** The limit however little the check ran. */
  readonly latestMs: number;
  readonly output: 1 | 2;
  readonly text: string;
  readonly exitCode: number;
}

/**
 * The code of the thread that ends a check which does not end. Only its source text is passed to the thread, so it refers
 * to nothing outside of itself but types.
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
    // The time during which the process was stopped counts as 1 s at most.
    passedMs += Math.min(nowMs - lookedAtMs, 1000);
    lookedAtMs = nowMs;
    if (passedMs >= latestMs) break;
    if (passedMs >= limitMs && workMs() - startWorkMs >= leastWorkMs) break;
  }
  if (Atomics.compareExchange(state, 0, 0, 2) !== 0) return;
  try {
    writeSync(output, text);
  } catch {
    // The reader has closed the stream.
  }
  // Only a debugger's command interrupts an endless loop. All output is written by now; standard error is closed, so that
  // Node's own message about the debugger is not printed.
  const expression = `process.getBuiltinModule('node:fs').closeSync(2); process.reallyExit(${exitCode})`;
  const { Session } = process.getBuiltinModule('node:inspector');
  const session = new Session();
  session.connectToMainThread();
  session.post('Runtime.evaluate', { expression });
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 500);
}
