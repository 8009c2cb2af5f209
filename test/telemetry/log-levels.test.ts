import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newLog } from '../../runtime/telemetry/log.ts';
import { readLogLevels } from '../../runtime/telemetry/log-levels.ts';
import { startSluice } from '../harness/sluice-process.ts';
import { memoryProject } from '../harness/project.ts';

const PARTS = {
  kinds: ['kafka', 'mqtt'],
  connections: new Map([
    ['log', 'kafka'],
    ['field', 'mqtt'],
  ]),
  routes: ['positions', 'orders'],
};

/** The levels of which lines of a part are written. */
function written(text: string, fields: Record<string, string>, event = 'x'): string {
  const levels = readLogLevels(text, PARTS);
  assert.ok(!('problem' in levels), JSON.stringify(levels));
  const lines: string[] = [];
  const log = newLog({ isJson: true, write: (line) => lines.push(line), levels });
  log.debug?.(event, fields);
  log.info(event, fields);
  log.warn(event, fields);
  log.error(event, fields);
  return lines.map((line) => (JSON.parse(line) as { level: string }).level).join(' ');
}

test('SLUICE_LOG sets the level of all lines, and of each part its own: a kind of bus, a connection, a route, functions', () => {
  const text = 'warn,kafka=debug,route:positions=error,functions=off';
  assert.equal(written('', {}), 'info warn error');
  assert.equal(written(text, {}), 'warn error');
  assert.equal(written(text, { bus: 'log', route: 'orders' }), 'debug info warn error');
  assert.equal(written(text, { bus: 'field', route: 'orders' }), 'warn error');
  assert.equal(written(text, { route: 'positions' }), 'error');
  assert.equal(written(text, { route: 'positions.2' }), 'error');
  assert.equal(written(text, { route: 'orders' }, 'function'), '');
  assert.equal(written('bus:field=error', { bus: 'field' }), 'error');
  assert.equal(written('bus:field=error', { bus: 'log' }), 'info warn error');
});

test('of several that match a line the last one counts, and one of a part before one of all', () => {
  assert.equal(written('route:orders=error,mqtt=info,warn', { bus: 'field', route: 'orders' }), 'info warn error');
  assert.equal(written('mqtt=info,route:orders=error', { bus: 'field', route: 'orders' }), 'error');
  assert.equal(written('error,warn', {}), 'warn error');
});

test('a log of which nobody wants debug lines has no such method: their fields are never made', () => {
  const levels = readLogLevels('warn', PARTS);
  assert.ok(!('problem' in levels));
  assert.ok(!('debug' in newLog({ isJson: true, write() {}, levels })));
});

test('a level or a part that there is not is refused in words that name those that there are', () => {
  const problem = (text: string): unknown => Reflect.get(readLogLevels(text, PARTS), 'problem');
  assert.equal(problem('loud'), 'expected a level (debug, info, warn, error, off), found "loud"');
  assert.equal(problem('kafka='), 'expected a level (debug, info, warn, error, off), found "kafka="');
  const parts = 'kafka, mqtt, functions, bus:log, bus:field, route:positions, route:orders';
  assert.equal(problem('kafak=debug'), `expected a part of the pipeline (${parts}), found "kafak"`);
  assert.equal(problem('route:x=debug'), `expected a part of the pipeline (${parts}), found "route:x"`);
});

test('run ends with exit code 2 where SLUICE_LOG is wrong, before it connects', async () => {
  using project = memoryProject();
  await using process = startSluice(['run', 'pipelines/p.yaml'], {
    cwd: project.folder,
    env: { ...globalThis.process.env, SLUICE_LOG: 'loud' },
  });
  assert.equal(await process.ended(), 2, process.stderr());
  assert.match(process.stderr(), /SLUICE_LOG: expected a level \(debug, info, warn, error, off\), found "loud"/);
});
