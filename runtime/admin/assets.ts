import type { Resource } from './answer.ts';
import { LIVE_SCRIPT } from './page/live-thread.ts';
import { ICON, STYLE } from './page/style.ts';

function asset(type: string, body: string): Resource {
  return { isOpen: true, get: () => ({ status: 200, type, body, headers: { 'cache-control': 'no-cache' } }) };
}

/** What the pages are drawn with. Part of the program: nothing is fetched from elsewhere, and nothing read from the disk. */
export function assetResources(): ReadonlyMap<string, Resource> {
  return new Map([
    ['/assets/page.css', asset('text/css; charset=utf-8', STYLE)],
    ['/assets/live.js', asset('text/javascript; charset=utf-8', LIVE_SCRIPT)],
    ['/assets/icon.svg', asset('image/svg+xml', ICON)],
  ]);
}
