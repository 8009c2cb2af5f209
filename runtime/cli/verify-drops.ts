import { bearerHeaders } from './bearer.ts';
import type { JudgedRoute } from './verify-ends.ts';
import { readAdminUrl } from '../store/admin-url.ts';
import type { Drops } from '../verify/message-ends.ts';

const ANSWER_MS = 5000;

/** The messages that stages of the route drop on purpose during a check. */
export interface DropCounts {
  /** The stages that may drop messages: `function NAME`; none where the route has none, or does not run here. */
  readonly stages: readonly string[];
  /** Whether the last answer was `unknown`. */
  readonly areUnknown: boolean;
  /** How many since the start of the check. */
  read(): Promise<Drops>;
}

/** `running`: the state folder of the process that runs the route here. Resolves once the figures before the check are read. */
export async function countDrops(
  running: string | undefined,
  route: Pick<JudgedRoute, 'name' | 'droppingStages'> | undefined,
): Promise<DropCounts> {
  if (running === undefined || route === undefined || route.droppingStages.length === 0) {
    return { stages: [], areUnknown: false, read: () => Promise.resolve(0) };
  }
  const { name, droppingStages } = route;
  const before = await dropped(running, name);
  let areUnknown = before === undefined;
  return {
    stages: droppingStages,
    get areUnknown() {
      return areUnknown;
    },
    async read() {
      const now = before === undefined ? undefined : await dropped(running, name);
      // Less than before: the bridge was restarted meanwhile.
      const found = now === undefined || before === undefined || now < before ? 'unknown' : now - before;
      areUnknown = found === 'unknown';
      return found;
    },
  };
}

/** Since the start of the process, without repetitions, which the route itself drops; undefined where it serves no figures. */
async function dropped(folder: string, route: string): Promise<number | undefined> {
  const url = readAdminUrl(folder);
  if (url === undefined) return undefined;
  try {
    const answer = await fetch(`${url}/metrics`, {
      headers: bearerHeaders(undefined),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const text = await answer.text();
    const outcome = sum(
      text,
      `sluice_pipeline_messages_total\\{[^}]*sluice_route_name="${route}",sluice_outcome="dropped"\\}`,
    );
    return outcome === undefined
      ? undefined
      : outcome - (sum(text, `sluice_pipeline_repeated_total\\{[^}]*sluice_route_name="${route}"[^}]*\\}`) ?? 0);
  } catch {
    return undefined;
  }
}

/** Of the samples whose name and labels match; undefined where there are none. */
function sum(text: string, sample: string): number | undefined {
  const found = [...text.matchAll(new RegExp(`^${sample} (\\d+)$`, 'gm'))];
  return found.length === 0 ? undefined : found.reduce((total, [, value]) => total + Number(value), 0);
}
