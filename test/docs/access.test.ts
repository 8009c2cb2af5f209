import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { configurationFor } from '../access/sluice-acl.ts';
import { newProject } from '../harness/project.ts';
import { REPOSITORY } from '../harness/sluice-process.ts';
import { blocksOf, commandsOf } from './blocks.ts';

const PAGE = 'docs/access.md';

test('every `--for` of docs/access.md prints what the page shows, and every other command is one of its brokers', async () => {
  const files = blocksOf(PAGE).filter(({ language }) => language === 'yaml');
  using project = newProject({});
  for (const { text } of files) {
    const { name } = parse(text) as { name: string };
    writeFileSync(project.write(`pipelines/${name}.yaml`, text), text);
  }
  const page = readFileSync(join(REPOSITORY, PAGE), 'utf8');
  const printed: string[] = [];
  for (const command of commandsOf(PAGE)) {
    const [, args = ''] = /^sluice acl ([^>|]+)/.exec(command) ?? [];
    if (!args.includes('--for')) {
      assert.match(command, /--check|^(export [A-Z_]+=|mosquitto_passwd|rabbitmqctl|kafka-)/, command);
      continue;
    }
    const [path = '', , broker = ''] = args.trim().split(' ');
    assert.equal(args.trim(), `${path} --for ${broker}`);
    printed.push(await configurationFor(broker, project.path(path)));
  }
  assert.ok(printed.length >= files.length, 'each file is used');
  // What a block shows of an output is in one, line by line; `…` stands for lines that are left out.
  for (const { text } of blocksOf(PAGE).filter(({ language }) => language === 'text')) {
    const lines = text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && line !== '…');
    const isPrinted = printed.some((output) => {
      const all = new Set(output.split('\n').map((line) => line.trim()));
      return lines.every((line) => all.has(line));
    });
    assert.ok(isPrinted, `no command prints:\n${text}`);
  }
  assert.doesNotMatch(page, /TODO/);
});
