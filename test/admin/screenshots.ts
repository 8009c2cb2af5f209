import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DESKTOP, PHONE, startChromium } from '../harness/chromium.ts';
import { REPOSITORY, startSluice } from '../harness/sluice-process.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';

// `npm run screenshots`: pictures of the operator's page of the demo, for README and docs.

const FOLDER = join(REPOSITORY, 'docs/images');
/** So that the lines of the last ten minutes have some. */
const RUNS_MS = 150_000;

mkdirSync(FOLDER, { recursive: true });
using folder = temporaryFolder('screenshots');
await using demo = startSluice(['demo'], { cwd: folder.path });
await demo.until(() => demo.stdout().includes('page: '), 'the address of the page', 60_000);
const url = /^The operator's page: (\S+)$/m.exec(demo.stdout())?.[1] ?? '';
process.stdout.write(`${url}, pictures in ${RUNS_MS / 1000} s\n`);
await new Promise((resolve) => setTimeout(resolve, RUNS_MS));
await using chromium = await startChromium();
for (const [name, options] of Object.entries({ desktop: { ...DESKTOP, deviceScaleFactor: 1 }, phone: PHONE })) {
  const { page } = await chromium.page(options);
  await page.goto(url);
  await page.getByText('live', { exact: true }).waitFor();
  const path = join(FOLDER, `operator-page-${name}.png`);
  await page.screenshot({ path, fullPage: name === 'desktop' });
  process.stdout.write(`${path}\n`);
}
demo.signal('SIGINT');
await demo.ended();
