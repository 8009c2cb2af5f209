import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { faultsOf, PHONE, startChromium } from './chromium.ts';
import { serverTest } from './server-test.ts';
import { whenTestEnds } from './test-scope.ts';

// The picture has no text for who cannot see it. The policy allows no script but the page's own.
const PAGE = `<!doctype html><html lang="en"><head><title>A page</title></head><body><main><h1>A page</h1>
<p id="said">as sent</p><img src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=">
<script src="/said.js"></script></main></body></html>`;
const SCRIPT = `document.getElementById('said').textContent = 'by a script'; throw new Error('after that');`;

async function startSite(): Promise<string> {
  const server = createServer((request, response) => {
    const isScript = request.url === '/said.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8');
    response.setHeader('content-security-policy', "default-src 'self'; img-src data:");
    response.end(isScript ? SCRIPT : PAGE);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  whenTestEnds(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

serverTest(
  'Chromium opens a page, tells what its script did, and axe finds the planted fault alone',
  { needs: ['chromium'] },
  async () => {
    const site = await startSite();
    await using chromium = await startChromium();
    const { page, errors, requests } = await chromium.page();
    await page.goto(site);
    await page.getByText('by a script').waitFor();
    assert.deepEqual(errors, ['after that']);
    assert.deepEqual(
      requests.filter((address) => !address.startsWith('data:')),
      [`${site}/`, `${site}/said.js`],
    );
    const faults = await faultsOf(page);
    assert.deepEqual(
      faults.map(({ rule, places }) => [rule, places]),
      [['image-alt', ['img']]],
    );
  },
);

serverTest('a page has the size of a phone, or no scripts, where a test says so', { needs: ['chromium'] }, async () => {
  const site = await startSite();
  await using chromium = await startChromium();
  const { page } = await chromium.page({ ...PHONE, javaScriptEnabled: false });
  await page.goto(site);
  assert.equal(await page.locator('#said').textContent(), 'as sent');
  assert.deepEqual(page.viewportSize(), PHONE.viewport);
});
