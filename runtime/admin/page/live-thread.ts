/** What the script uses of a browser. */
interface PageElement {
  readonly id: string;
  innerHTML: string;
  textContent: string | null;
  open?: boolean;
  contains(other: PageElement | null): boolean;
  querySelectorAll(selector: string): Iterable<PageElement>;
  focus(options: { preventScroll: boolean }): void;
}

interface Browser {
  readonly document: {
    title: string;
    readonly activeElement: PageElement | null;
    readonly body: { readonly dataset: Readonly<Record<string, string | undefined>> };
    getElementById(id: string): PageElement | null;
  };
  readonly location: { readonly search: string; reload(): void };
  readonly EventSource: new (url: string) => {
    readonly readyState: number;
    addEventListener(type: 'open' | 'error' | 'message', listener: (event: { readonly data: string }) => void): void;
  };
}

/**
 * The script of the page: replaces the parts that the server sends. What has the focus, and what was opened, stays so. Its text alone
 * goes to the browser, so it refers to nothing outside of itself.
 */
function live({ document, location, EventSource }: Browser): void {
  const source = new EventSource(`/events${location.search}`);
  const link = document.getElementById('live');
  const tell = (text: string): void => {
    if (link !== null && link.textContent !== text) link.textContent = text;
  };
  source.addEventListener('open', () => tell('live'));
  source.addEventListener('error', () => {
    // 2: the server has refused the stream, for the session has ended.
    if (source.readyState === 2) location.reload();
    else tell('The connection is lost: what you see is old. Trying again.');
  });
  source.addEventListener('message', ({ data }) => {
    const { id, html, title }: { id: string; html: string; title?: string } = JSON.parse(data);
    if (title !== undefined) document.title = title;
    const part = document.getElementById(`part-${id}`);
    if (part === null || part.innerHTML === html) return;
    const focused = part.contains(document.activeElement) ? document.activeElement?.id : undefined;
    const opened = new Set<string>();
    for (const one of part.querySelectorAll('details[open]')) opened.add(one.id);
    part.innerHTML = html;
    for (const one of opened) {
      const again = document.getElementById(one);
      if (again !== null) again.open = true;
    }
    if (focused !== undefined && focused !== '') document.getElementById(focused)?.focus({ preventScroll: true });
  });
}

export const LIVE_SCRIPT = `(${live.toString()})(window);\n`;
