import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { AxeResults, RunOptions } from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { pathOf } from './provide.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { whenTestEnds } from './test-scope.ts';

/** A headless browser of the test's own: nothing of an earlier page is in it, and it asks nothing of the network itself. */
export interface TestBrowser extends AsyncDisposable {
  readonly browser: Browser;
  /** A page in a context of its own: cookies, storage, size, colour scheme, whether scripts run. */
  page(options?: BrowserContextOptions): Promise<TestPage>;
}

export interface TestPage {
  readonly page: Page;
  /** What its scripts threw and what was written to its console as an error, so far. */
  readonly errors: readonly string[];
  /** The addresses that it asked for, so far. */
  readonly requests: readonly string[];
}

/** One rule that axe finds broken, and where. */
export interface Fault {
  readonly rule: string;
  readonly help: string;
  readonly places: readonly string[];
}

/** How wide a desktop and a phone are. */
export const DESKTOP = { viewport: { width: 1280, height: 800 } } as const satisfies BrowserContextOptions;
export const PHONE = {
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
  deviceScaleFactor: 2,
} as const satisfies BrowserContextOptions;

const START_MS = 60_000;

// Playwright adds those that keep a browser from asking the network by itself.
function flags(): readonly string[] {
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  // /dev/shm is small in a container.
  return [...sandbox, '--disable-dev-shm-usage', '--disable-gpu'];
}

export async function startChromium(): Promise<TestBrowser> {
  const executablePath = await pathOf('chromium');
  const folder = temporaryFolder('chromium');
  // What it writes beside its profile, such as crash reports, goes to the folder too.
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder.path, TMPDIR: folder.path };
  const browser = await chromium
    .launch({
      executablePath,
      args: [...flags()],
      env,
      timeout: START_MS,
      // Signals are seen to by who started the servers; the browser ends with its pipe.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    })
    .catch((error: unknown) => {
      folder[Symbol.dispose]();
      throw error;
    });
  const end = async (): Promise<void> => {
    await browser.close();
    folder[Symbol.dispose]();
  };
  whenTestEnds(() => void end().catch(() => {}));
  return {
    browser,
    async page(options = DESKTOP) {
      const context = await browser.newContext(options);
      const page = await context.newPage();
      const errors: string[] = [];
      const requests: string[] = [];
      page.on('pageerror', (error) => errors.push(error.message));
      page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
      page.on('request', (request) => requests.push(request.url()));
      return { page, errors, requests };
    },
    [Symbol.asyncDispose]: end,
  };
}

let axe: string | undefined;

/** What axe finds wrong with the page as it is now, by all its rules. */
export async function faultsOf(page: Page, options: RunOptions = {}): Promise<readonly Fault[]> {
  axe ??= readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  // Evaluated, not added as a script: a page's content security policy has no say.
  await page.evaluate(axe);
  const { violations } = await page.evaluate<AxeResults>(`axe.run(document, ${JSON.stringify(options)})`);
  return violations.map(({ id, help, nodes }) => ({
    rule: id,
    help,
    places: nodes.map(({ target }) => target.join(' ')),
  }));
}
