import type { LogPart } from '#contract/log-replay.ts';
import { busOf } from '../host/catalog-of.ts';
import { endOptions } from '../host/end-options.ts';
import { goneOf } from '../host/replay/replay-progress.ts';
import type { ReplayedRoute } from '../host/replay/survey.ts';

/** What an operator should know before a replay begins, a sentence each. */
export function replayNotices(
  { spec, route, catalog }: ReplayedRoute,
  parts: readonly LogPart[],
  renewsExpiry: boolean,
): readonly string[] {
  const notices: string[] = [];
  const gone = goneOf(parts);
  if (gone > 0) {
    notices.push(`the log begins within the range: up to ${gone} older messages are gone by its retention`);
  }
  for (const to of route.sinks) {
    const { deduplicates, carriesHeaders, headersNeed } = busOf(catalog, to.bus).sinkGuarantees(endOptions(spec, to));
    if (deduplicates) {
      notices.push(
        `sink ${to.connection} removes duplicates by id: a message whose id it still knows is not stored again; such messages are counted`,
      );
    }
    if (!carriesHeaders) {
      const need = headersNeed === undefined ? '' : ` (it needs ${headersNeed})`;
      notices.push(`sink ${to.connection} carries no headers${need}: its receivers cannot tell a replay`);
    }
  }
  if (route.stages.some(({ kind }) => kind.seals === true)) {
    notices.push('a guard releases no header of the bridge: its messages are not marked as a replay');
  }
  if (route.class === 'telemetry') {
    notices.push('class telemetry: every message of the range is sent, older ones than receivers have seen since');
  }
  if (renewsExpiry) notices.push('the expiry is renewed: receivers act on old messages as on new ones');
  return notices;
}
