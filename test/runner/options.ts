import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isTier, type Tier, TIERS } from './tiers.ts';

export const USAGE = `usage: node test/runner/run.ts ${Object.keys(TIERS).join('|')} [PART OF A PATH ...] [--only REGEXP] [--jobs N] [--remember] [--list]

  fast      no server; what npm run test:fast runs
  standard  fast, and every bus on its real server; npm test
  long      kill series, storms, chaos, repeated faults; npm run test:long
  all       any file, whatever its tier

  --only REGEXP  only tests whose name matches
  --jobs N       so many files at a time; default: two for each core
  --remember     write the seconds of each file into test/runner/seconds.json
  --list         print the files and run nothing

SLUICE_TEST_PATIENCE=3 makes every deadline three times as long, SLUICE_BROKERS=require makes what cannot run a failure,
SLUICE_NATS_URL and SLUICE_MQTT_URL name servers to use instead of own ones.
`;

export interface RunOptions {
  readonly tier: Tier;
  readonly patterns: readonly string[];
  readonly only: string | undefined;
  readonly atOnce: number;
  readonly remember: boolean;
  readonly list: boolean;
}

/** What is asked for; a text where it cannot be understood. */
export function readOptions(args: readonly string[]): RunOptions | string {
  const options = {
    only: { type: 'string' },
    jobs: { type: 'string' },
    remember: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const [tier = '', ...patterns] = positionals;
    const { only, jobs, remember, list, help } = values;
    const atOnce = jobs === undefined ? 2 * availableParallelism() : Number(jobs);
    if (help || !isTier(tier) || !Number.isInteger(atOnce) || atOnce < 1) return USAGE;
    return { tier, patterns, only, atOnce, remember, list };
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`;
  }
}
