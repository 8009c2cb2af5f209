// `node test/harness/provision.ts [--all]`: provides every server of the tests and says where each is. With --all a
// missing one is a failure; without, a note.
import { provide, TOOLS } from './provide.ts';

const answers = await Promise.all(TOOLS.map(async (tool) => ({ tool, provision: await provide(tool) })));
for (const { tool, provision } of answers) {
  process.stdout.write(`${tool}: ${provision.found ? provision.path : provision.reason}\n`);
}
if (process.argv.includes('--all') && answers.some(({ provision }) => !provision.found)) process.exitCode = 3;
