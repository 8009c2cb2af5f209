import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openPipelineState } from '../../runtime/store/pipeline-state.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';

test('what an end wrote down is there at the next start, apart from what others wrote', () => {
  using folder = temporaryFolder('checkpoint');
  const path = join(folder.path, 'state');
  const first = openPipelineState(path);
  assert.equal(first.checkpoint('a source').read(), undefined);
  first.checkpoint('a source').write('one');
  first.checkpoint('a source').write('two');
  first.checkpoint('b source').write('other');
  first.close();
  const second = openPipelineState(path);
  assert.deepEqual([second.checkpoint('a source').read(), second.checkpoint('b source').read()], ['two', 'other']);
  second.close();
});
