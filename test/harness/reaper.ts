import { spawn } from 'node:child_process';

/**
 * Ends the process group of a server, and its folder with it, when this process ends in a way that runs no handler
 * (kill -9, out of memory): a shell waits for its input to close. The function returned lets it go without that.
 */
export function reapWith(pid: number, folder: string): () => void {
  const script = 'read -r word; [ "$word" = done ] || { kill -s KILL -- "-$1"; rm -rf -- "$2"; }';
  const reaper = spawn('sh', ['-c', script, 'reaper', String(pid), folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Gone before it could read: then there is nothing to let go.
  reaper.stdin.on('error', () => {});
  reaper.unref();
  if ('unref' in reaper.stdin && typeof reaper.stdin.unref === 'function') reaper.stdin.unref();
  return () => reaper.stdin.end('done\n');
}
