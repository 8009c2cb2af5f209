import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivery } from '../../../runtime/contract/delivery.ts';
import { startEventLoopWatchdog } from '../../../runtime/engine/event-loop-watchdog/start.ts';
import { frameForTest } from '../route-for-test.ts';

/** A process of its own, for tests: its event loop does as its arguments say under the eyes of a watching thread. */
const [does = '', file = ''] = process.argv.slice(2);
const watched = startEventLoopWatchdog({
  pipeline: 'p',
  places: [
    { route: 'left', stage: 'validate a', limitMs: 10_000 },
    { route: 'left', stage: 'function f', limitMs: 200 },
    { route: 'right', stage: 'function g', limitMs: 200 },
  ],
  limitMs: 400,
  crashNote: { file, statement: 'INSERT INTO crashes VALUES (?, ?)' },
  onLost: (error) => process.stderr.write(`${error.message}\n`),
});
const eventLoopWatchdog = watched.eventLoopWatchdog(does === 'right' ? 2 : 0);

function deliveryOf(id: string): Delivery {
  return { id, frame: frameForTest('a', ''), attempt: 1, settle() {} };
}

function spin(ms: number): void {
  const endsAtMs = performance.now() + ms;
  while (performance.now() < endsAtMs);
}

await sleep(300);
switch (does) {
  case 'left':
  case 'right':
    eventLoopWatchdog.begin(does === 'left' ? 1 : 0, deliveryOf('gründe:7'));
    spin(6000);
    break;
  case 'passing-id':
    eventLoopWatchdog.begin(1, { ...deliveryOf('queue:1'), isNumberedHere: true });
    spin(6000);
    break;
  case 'long-id':
    eventLoopWatchdog.begin(1, deliveryOf(`x${'ü'.repeat(1000)}`));
    spin(6000);
    break;
  case 'nowhere':
    spin(6000);
    break;
  // Slower than its limit and its grace together, but never one call alone.
  case 'many-calls':
    for (let call = 0; call < 20; call += 1) {
      eventLoopWatchdog.begin(1, deliveryOf(`id:${call}`));
      spin(150);
      eventLoopWatchdog.end();
    }
    break;
  case 'within-grace':
    eventLoopWatchdog.begin(1, deliveryOf('id'));
    spin(900);
    eventLoopWatchdog.end();
    break;
  case 'slow-validate':
    eventLoopWatchdog.begin(0, deliveryOf('id'));
    spin(3000);
    eventLoopWatchdog.end();
    break;
  default:
    throw new Error(`nothing known of ${does}`);
}
await sleep(100);
await watched.close();
