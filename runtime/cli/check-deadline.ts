import { Worker } from 'node:worker_threads';
import { findingsEnvelope, findingsText } from '../project/check/findings-text.ts';
import type { Finding } from '../project/check/findings.ts';
import { type DeadlineOrders, deadlineThread } from './deadline-thread.ts';
import { EXIT } from './exit-codes.ts';
import { jsonLine } from './output.ts';

/** The output for the finding of a check that is cut. */
export interface DeadlineOutput {
  readonly output: 'stdout' | 'stderr';
  readonly isJson?: boolean;
}

/** The start of the process has taken the rest of 5 s. */
const LIMIT_MS = 4500;
const LEAST_WORK_MS = 2000;
const LATEST_MS = 20_000;

/**
 * Runs a check of a pipeline file, its functions and its schemas. A check that does not end within 5 s is cut by another
 * thread, which reports a finding and ends the process.
 */
export async function withinDeadline<Made>(
  file: string,
  { output, isJson = false }: DeadlineOutput,
  act: () => Promise<Made> | Made,
): Promise<Made> {
  const findings = [cutFinding(file)];
  const memory = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const orders: DeadlineOrders = {
    memory,
    limitMs: LIMIT_MS,
    leastWorkMs: LEAST_WORK_MS,
    latestMs: LATEST_MS,
    output: output === 'stdout' ? 1 : 2,
    text: isJson ? jsonLine('check', findingsEnvelope(findings)) : findingsText(findings),
    exitCode: EXIT.invalid,
  };
  const thread = new Worker(`(${deadlineThread.toString()})()`, { eval: true, workerData: orders, name: 'deadline' });
  thread.unref();
  try {
    return await act();
  } finally {
    const state = new Int32Array(memory);
    // Once it was cut, only the finding is printed.
    if (Atomics.compareExchange(state, 0, 0, 1) === 2) await new Promise(() => {});
    Atomics.notify(state, 0);
  }
}

function cutFinding(file: string): Finding {
  return {
    severity: 'error',
    code: 'CHECK_CUT',
    file,
    line: 1,
    column: 1,
    path: '',
    expected: 'a file that is checked within 5 s, with its functions and schemas',
    found: 'one that is not: the check was cut',
    write: 'shorter lists and texts, and nothing in functions and schemas that takes long when they are loaded',
  };
}
