import type { WatchThreadSettings } from './settings.ts';

/**
 * The function of the watchdog thread. Only its source text is passed there, so it refers to nothing outside of itself but
 * types. It ends the process when the event loop has neither turned nor begun another call for too long.
 */
export function watchThread(): void {
  const { workerData } = process.getBuiltinModule('node:worker_threads');
  const { writeSync } = process.getBuiltinModule('node:fs');
  const settings: WatchThreadSettings = workerData;
  const { memory, words, id: idSpace, placeBits, places, pipeline, limitMs, graceMs, checkMs, crashNote } = settings;
  const shared = new Int32Array(memory, 0, idSpace.at / 4);
  const read = (word: keyof typeof words): number => Atomics.load(shared, words[word]);
  let beats = -1;
  let call = -1;
  let stillMs = 0;
  let checkedAtMs = performance.now();

  const stepNow = (): WatchThreadSettings['places'][number] | undefined =>
    places[(read('call') & ((1 << placeBits) - 1)) - 1];

  const isMoving = (): boolean => {
    const [nowBeats, nowCall] = [read('beats'), read('call')];
    const moved = nowBeats !== beats || nowCall !== call || read('debugged') !== 0;
    beats = nowBeats;
    call = nowCall;
    return moved;
  };

  const end = (): void => {
    const place = stepNow();
    const length = read('length');
    const id = place === undefined ? undefined : Buffer.from(Buffer.from(memory, idSpace.at, length)).toString();
    const line = {
      time: new Date().toISOString(),
      level: 'error',
      event: 'stuck',
      pipeline,
      code: 'TRANSFORM_STUCK',
      route: place?.route,
      stage: place?.stage,
      delivery: id,
      text: `the event loop has stood still for ${Math.round(stillMs)} ms${
        place === undefined ? ', outside of every call that could be named' : ''
      }; the process is ended, and starts in crash quarantine`,
    };
    try {
      writeSync(2, `${JSON.stringify(line)}\n`);
    } catch {
      // Standard error is closed.
    }
    try {
      // A cut id leaves at most 3 bytes free, for a character has 4 at most.
      const isWhole = length <= idSpace.bytes - 4 && read('passing') === 0;
      if (place !== undefined && id !== undefined && isWhole) {
        process.emitWarning = () => {};
        const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
        const database = new DatabaseSync(crashNote.file);
        database.exec('PRAGMA busy_timeout = 1000; PRAGMA synchronous = FULL');
        database.prepare(crashNote.statement).run(place.route, id);
        database.close();
      }
    } catch {
      // The crash is not counted. Crash quarantine counts the next one.
    }
    // The blocked thread runs no exit handlers; only the kernel ends it.
    process.kill(process.pid, 'SIGKILL');
    // The kernel spares the first process of a container. A debugger's command still interrupts a loop.
    setTimeout(() => {
      const { Session } = process.getBuiltinModule('node:inspector');
      const session = new Session();
      session.connectToMainThread();
      session.post('Runtime.evaluate', { expression: 'process.reallyExit(137)' });
    }, 100);
  };

  const checking = setInterval(() => {
    // Read before the progress: the limit must be that of the call that took the time.
    const limit = (stepNow()?.limitMs ?? limitMs) + graceMs;
    const passedMs = performance.now() - checkedAtMs;
    checkedAtMs += passedMs;
    // A check so late means that the whole process was stopped: the time of the main thread begins again.
    const wasSuspended = passedMs > 4 * checkMs + 1000;
    if (isMoving() || wasSuspended) {
      stillMs = 0;
      return;
    }
    stillMs += Math.min(passedMs, 2 * checkMs);
    if (stillMs < limit) return;
    clearInterval(checking);
    end();
  }, checkMs);
}
