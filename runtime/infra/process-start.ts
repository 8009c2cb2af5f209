import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The place of `starttime` behind the name of the process (proc(5)). */
const START = 19;

/**
 * When a process was started, as a text that differs for another process of the same number, over a restart of the machine too. Undefined
 * where there is no such process.
 */
export function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // Ended, and its parent has not asked yet.
    if (fields[0] === 'Z') return undefined;
    return `${boot} ${fields[START]}`;
  } catch {
    return byPs(pid);
  }
}

/** Where there is no /proc. */
function byPs(pid: number): string | undefined {
  try {
    return (
      execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' }).trim() || undefined
    );
  } catch {
    return undefined;
  }
}
