import assert from 'node:assert/strict';
import { test } from 'node:test';
import { projectFolder } from '../../runtime/project/project-folder.ts';

test('a project is the folder beside pipelines/, or else the folder of the file', () => {
  assert.equal(projectFolder('/a/b/pipelines/x.yaml'), '/a/b');
  assert.equal(projectFolder('/a/b/x.yaml'), '/a/b');
});
