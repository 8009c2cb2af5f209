import type { Orders } from './settings.ts';

/**
 * The whole life of the watching thread. Its source text alone goes there, so it refers to nothing outside of itself
 * but types. Ends the process when the event loop has neither turned nor come to another call for too long.
 */
export function watchThread(): void {
  const { workerData } = process.getBuiltinModule('node:worker_threads');
  const { writeSync } = process.getBuiltinModule('node:fs');
  const orders: Orders = workerData;
  const { memory, words, id: idSpace, places, pipeline, limitMs, graceMs, lookMs, crashNote } = orders;
  const shared = new Int32Array(memory, 0, idSpace.at / 4);
  const read = (word: keyof typeof words): number => Atomics.load(shared, words[word]);
  let beats = -1;
  let calls = -1;
  let stillMs = 0;
  let lookedAtMs = performance.now();

  const isMoving = (): boolean => {
    const [nowBeats, nowCalls] = [read('beats'), read('calls')];
    const moved = nowBeats !== beats || nowCalls !== calls || read('debugged') !== 0;
    beats = nowBeats;
    calls = nowCalls;
    return moved;
  };

  const end = (): void => {
    const place = places[read('place') - 1];
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
      }; the process is ended, and starts in probation`,
    };
    try {
      writeSync(2, `${JSON.stringify(line)}\n`);
    } catch {
      // Nobody reads it any more.
    }
    try {
      // A name that was cut ends before its last character.
      const isName = length <= idSpace.bytes - 4 && read('passing') === 0;
      if (place !== undefined && id !== undefined && isName) {
        process.emitWarning = () => {};
        const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
        const database = new DatabaseSync(crashNote.file);
        database.exec('PRAGMA busy_timeout = 1000; PRAGMA synchronous = FULL');
        database.prepare(crashNote.statement).run(place.route, id);
        database.close();
      }
    } catch {
      // Then its first crashNote is the next one: probation writes it down before it runs.
    }
    // Exit handlers are functions of a thread that does not listen; nothing but the kernel ends it.
    process.kill(process.pid, 'SIGKILL');
    // The first process of a container is spared even that. A debugger's word still gets into a loop.
    setTimeout(() => {
      const { Session } = process.getBuiltinModule('node:inspector');
      const session = new Session();
      session.connectToMainThread();
      session.post('Runtime.evaluate', { expression: 'process.reallyExit(137)' });
    }, 100);
  };

  const looking = setInterval(() => {
    // Read before it is asked for progress: a limit must not be that of another call than the one that took the time.
    const limit = (places[read('place') - 1]?.limitMs ?? limitMs) + graceMs;
    const passedMs = performance.now() - lookedAtMs;
    lookedAtMs += passedMs;
    // Who comes so late has been asleep itself: the process was stopped, and its main thread begins anew.
    const wasAsleep = passedMs > 4 * lookMs + 1000;
    if (isMoving() || wasAsleep) {
      stillMs = 0;
      return;
    }
    stillMs += Math.min(passedMs, 2 * lookMs);
    if (stillMs < limit) return;
    clearInterval(looking);
    end();
  }, lookMs);
}
