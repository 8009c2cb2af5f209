import { notedAdmin } from '../state/admin-note.ts';
import type { Drops } from '../verify/elsewhere.ts';

const ANSWER_MS = 5000;

/** What the functions of a route that runs here drop from now on, each time that it is asked for. */
export async function dropsFrom(folder: string, route: string): Promise<() => Promise<Drops>> {
  const before = await dropped(folder, route);
  return async () => {
    const now = before === undefined ? undefined : await dropped(folder, route);
    // Less than before: it was started again meanwhile.
    return now === undefined || before === undefined || now < before ? 'unknown' : now - before;
  };
}

/** Since the start of the process, without repetitions, which the route itself drops; undefined where it serves no figures. */
async function dropped(folder: string, route: string): Promise<number | undefined> {
  const url = notedAdmin(folder);
  if (url === undefined) return undefined;
  try {
    const answer = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(ANSWER_MS) });
    const text = await answer.text();
    const outcome = sum(text, `sluice_messages_total\\{[^}]*route="${route}",outcome="dropped"\\}`);
    return outcome === undefined
      ? undefined
      : outcome - (sum(text, `sluice_messages_repeated_total\\{[^}]*route="${route}"[^}]*\\}`) ?? 0);
  } catch {
    return undefined;
  }
}

/** Of the samples whose name and labels match; undefined where there are none. */
function sum(text: string, sample: string): number | undefined {
  const found = [...text.matchAll(new RegExp(`^${sample} (\\d+)$`, 'gm'))];
  return found.length === 0 ? undefined : found.reduce((total, [, value]) => total + Number(value), 0);
}
