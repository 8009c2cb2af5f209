import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { startBridge } from '../harness/bridge.ts';
import { DESKTOP, faultsOf, PHONE, startChromium } from '../harness/chromium.ts';
import { startMosquitto } from '../harness/mosquitto.ts';
import { newProject, type Project } from '../harness/project.ts';
import { serverTest } from '../harness/server-test.ts';
import { waitFor } from '../harness/wait-for.ts';
import { newPublisher } from '../host/publisher.ts';
import { openPort } from './port-for-test.ts';

const TOKEN = 'a-token-of-twenty-chars';
const PATIENCE_MS = 20_000;

/** Refuses bodies that say so, until the file `mended` is beside the function. */
const FUNCTION = `import { existsSync } from 'node:fs';
import { reject } from 'sluice';
export default (body) => (body.bad === true && !existsSync(process.env.MENDED) ? reject('not yet') : body);
`;

function gate(field: string, core: string): Project {
  return newProject({
    'functions/gate.ts': FUNCTION,
    'pipelines/gate.yaml': {
      name: 'gate',
      buses: { field: { bus: 'mqtt', url: field }, core: { bus: 'mqtt', url: core } },
      routes: [
        {
          name: 'readings',
          from: { bus: 'field', topics: ['in/+'], qos: 1 },
          stages: [{ function: 'gate' }],
          to: { bus: 'core', topic: 'out/{topic.1}', qos: 1 },
        },
      ],
    },
  });
}

/** Waits until the page shows the text there: nobody loads it again. */
async function shows(page: Page, selector: string, text: RegExp): Promise<void> {
  const isShown = async (): Promise<boolean> => {
    const all = await page.locator(selector).allInnerTexts();
    return all.some((one) => one.replaceAll(/\s+/g, ' ').trim().search(text) >= 0);
  };
  await waitFor(isShown, PATIENCE_MS, `${String(text)} in ${selector}`).catch(async (cause: unknown) => {
    throw new Error(`the page shows ${await page.locator('body').innerText()}`, { cause });
  });
}

async function assertAccessible(page: Page, where: string): Promise<void> {
  assert.deepEqual(await faultsOf(page), [], where);
}

serverTest(
  'the page shows counters that move, a bus that is down with its words, its return, and replays a dead letter',
  { needs: ['chromium', 'mosquitto-process'] },
  async () => {
    await using field = await startMosquitto();
    await using core = await startMosquitto();
    using project = gate(field.url, core.url);
    const mended = project.path('mended');
    await using bridge = startBridge(project.path('.'), project.path('pipelines/gate.yaml'), ['--admin-write'], {
      MENDED: mended,
    });
    await bridge.ready();
    const url = String((await bridge.said('admin'))['url']);
    await using publisher = await newPublisher(field.url);
    await using chromium = await startChromium();
    const { page, errors, requests } = await chromium.page(DESKTOP);

    await page.goto(`${url}/`);
    await shows(page, '#part-state', /ok/);
    await shows(page, '#live', /live/);
    for (let number = 1; number <= 7; number += 1) await publisher.publish('in/a', JSON.stringify({ number }));
    await shows(page, '#part-readings-numbers div', /^delivered\s*7$/);
    await assertAccessible(page, 'all is well');

    await core.stop();
    await shows(page, '#part-state', /down/);
    await shows(page, '#part-why', /readings sink: BUS_UNREACHABLE.*since .* UTC/);
    await shows(page, '#part-readings-flow', /not connected/);
    assert.match(await page.title(), /^gate: down$/);
    assert.equal((await bridge.ask('/readyz')).status, 503);
    await assertAccessible(page, 'the core is down');
    await core.restart();
    await shows(page, '#part-state', /ok/);
    await shows(page, '#part-why', /Every route is up\./);

    await publisher.publish('in/a', JSON.stringify({ bad: true }));
    const link = page.getByRole('link', { name: '1 dead letters' });
    await link.waitFor({ timeout: PATIENCE_MS });
    // The parts of the page come anew every second: the keyboard stays where it is.
    await link.focus();
    await publisher.publish('in/a', JSON.stringify({ number: 8 }));
    await shows(page, '#part-readings-numbers div', /^delivered\s*8$/);
    assert.equal(await page.evaluate('document.activeElement.id'), 'readings-letters');
    await page.keyboard.press('Enter');
    await shows(page, 'table', /TRANSFORM_REJECTED/);
    await assertAccessible(page, 'the list of letters');
    await page.getByRole('link', { name: '1', exact: true }).click();
    await shows(page, 'pre', /"bad": true/);
    await assertAccessible(page, 'a letter');
    writeFileSync(mended, '');
    await page.getByRole('button', { name: 'Replay' }).click();
    await shows(page, '#part-replay', /Ended: 1 went through, 0 failed again, 0 left\./);
    await assertAccessible(page, 'a replay');
    await page.getByRole('link', { name: 'Routes' }).click();
    await shows(page, '#part-readings-numbers div', /^delivered\s*9$/);

    assert.deepEqual(
      errors.filter((text) => !text.includes('favicon')),
      [],
    );
    assert.deepEqual(
      requests.filter((asked) => !asked.startsWith(url)),
      [],
    );

    for (const options of [{ ...DESKTOP, colorScheme: 'dark' }, PHONE] as const) {
      const other = await chromium.page({ ...options, reducedMotion: 'reduce' });
      for (const path of ['/', '/letters']) {
        await other.page.goto(url + path);
        await assertAccessible(other.page, `${path} ${JSON.stringify(options)}`);
        const isWider = await other.page.evaluate('document.documentElement.scrollWidth > window.innerWidth');
        assert.equal(isWider, false, `${path} scrolls sideways`);
      }
    }

    const plain = await chromium.page({ ...DESKTOP, javaScriptEnabled: false });
    await plain.page.goto(`${url}/`);
    assert.match(await plain.page.locator('#part-readings-numbers').innerText(), /delivered\s*9/);
    assert.equal(await plain.page.locator('meta[http-equiv=refresh]').count(), 1);
  },
);

serverTest('a browser gives the token in a form, sees the page, and leaves', { needs: ['chromium'] }, async () => {
  const admin = await openPort({ environment: { SLUICE_ADMIN_TOKEN: TOKEN } });
  await using chromium = await startChromium();
  const { page, requests } = await chromium.page(PHONE);
  await page.goto(`${admin.url}/`);
  await assertAccessible(page, 'the form of the token');
  await page.getByLabel('Token of the admin port').fill('another token');
  await page.getByRole('button', { name: 'Enter' }).click();
  await shows(page, '[role=alert]', /That is not the token/);
  await page.getByLabel('Token of the admin port').fill(TOKEN);
  await page.keyboard.press('Enter');
  await shows(page, 'h1', /^p$/);
  await shows(page, '#live', /live/);
  assert.ok(!requests.some((asked) => asked.includes(TOKEN)), 'the token is in no address');
  await page.getByRole('button', { name: 'Leave' }).click();
  await page.getByLabel('Token of the admin port').waitFor();
  await page.goto(`${admin.url}/status`);
  await page.getByLabel('Token of the admin port').waitFor();
  await admin.close();
});
