import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { newProject } from '../harness/project.ts';
import { REPOSITORY, startSluice } from '../harness/sluice-process.ts';
import { blocksOf, commandsOf } from './blocks.ts';

const PAGE = 'docs/schemas.md';
const SHIPPED = readdirSync(join(REPOSITORY, 'schemas')).filter((file) => /\.v\d+\.json$/.test(file));

test('the commands and the stages of docs/schemas.md do what the page says', async () => {
  const stages = blocksOf(PAGE)
    .filter(({ language }) => language === 'yaml')
    .map(({ text }) => (parse(text) as { stages: readonly object[] }).stages);
  assert.ok(stages.length > 0);
  const closed = (name: string): object => ({ type: 'object', required: [name], properties: { [name]: true } });
  using project = newProject({
    ...Object.fromEntries(
      SHIPPED.map((file) => [`schemas/${file}`, readFileSync(join(REPOSITORY, 'schemas', file), 'utf8')]),
    ),
    ...Object.fromEntries([1, 2, 3].map((n) => [`schemas/track.v${n}.json`, closed(`v${n}`)])),
    'functions/track-v1-to-v2.ts': 'export default ({ v1 }) => ({ v2: v1 });\n',
    'functions/track-v2-to-v3.ts': 'export default ({ v2 }) => ({ v3: v2 });\n',
    'pipelines/p.yaml': {
      name: 'p',
      buses: { hub: { bus: 'memory', hub: 'h' } },
      routes: stages.map((list, n) => ({
        name: `r${n}`,
        stamp: true,
        from: { bus: 'hub', addresses: [`in${n}`] },
        stages: list,
        to: { bus: 'hub', address: `out${n}` },
      })),
    },
  });
  const commands = commandsOf(PAGE);
  assert.ok(commands.length > 0);
  for (const command of [...commands, 'sluice check pipelines/p.yaml']) {
    await using process = startSluice(command.split(' ').slice(1), { cwd: project.folder });
    assert.equal(await process.ended(), 0, process.stdout() + process.stderr());
  }
  const types = readFileSync(project.path('schemas/types.d.ts'), 'utf8');
  for (const name of ['OwntracksLocationV1', 'TrackV1', 'Track'])
    assert.match(types, new RegExp(`export \\w+ ${name}\\b`));
});
