import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { REPOSITORY } from '../harness/sluice-process.ts';

const PROGRAM = `
import { writeFileSync } from 'node:fs';
import { syncFile, syncFolder } from ${JSON.stringify(join(REPOSITORY, 'runtime/store/sync-files.ts'))};
const [folder] = process.argv.slice(2);
syncFolder(folder);
syncFile(folder + '/file');
syncFile(folder + '/empty');
`;

for (const rights of [[], ['--permission', '--allow-fs-read=*']]) {
  test(`files and folders reach the disk and stay as they were, ${rights.length === 0 ? 'with fsync' : 'where Node takes fsync away'}`, () => {
    using home = temporaryFolder('sync');
    const content = Buffer.alloc(2 * 1024 ** 2 + 17, 'content');
    writeFileSync(join(home.path, 'file'), content);
    writeFileSync(join(home.path, 'empty'), '');
    const write = rights.length === 0 ? [] : [`--allow-fs-write=${home.path}`];
    const program = join(home.path, 'program.mjs');
    writeFileSync(program, PROGRAM);
    const { status, stderr } = spawnSync(process.execPath, [...rights, ...write, program, home.path], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    assert.deepEqual(readFileSync(join(home.path, 'file')), content);
    assert.equal(readFileSync(join(home.path, 'empty')).length, 0);
  });
}
