import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { frameForTest } from '../harness/test-frame.ts';
import type { Message } from '../../runtime/contract/message.ts';
import type { StageKind } from '../../runtime/contract/stage-kind.ts';
import type { Stage } from '../../runtime/contract/stage.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { packageFolder } from '../../runtime/project/package-folder.ts';
import { schemaCompiler } from '../../runtime/project/schemas/compile-schemas.ts';
import { report, toTrackUntyped } from './work.ts';

const NAMES = ['owntracks-location.v1', 'track.v1'] as const;
const FILES = NAMES.map((name) => ({
  name,
  schema: JSON.parse(readFileSync(join(packageFolder(), 'schemas', `${name}.json`), 'utf8')) as Record<string, unknown>,
}));
const MESSAGES = 20_000;
const ROUNDS = 15;

/** What judging the body of a message at both ends of a route costs, in microseconds. */
interface ValidateCost {
  /** ajv with its formats, compiled and called by hand. */
  readonly byHand: number;
  /** The stages `validate: NAME`. */
  readonly stages: number;
  /** The stages `validate: { of: [NAME, OTHER] }`, which judge by the first schema that fits, with `stamp: true`. */
  readonly versions: number;
}

function stageOf(value: unknown, stamps: boolean): Stage {
  const base = catalog.stages.get('validate');
  const kind: StageKind | undefined = base?.form?.({ validate: value });
  if (kind === undefined) throw new Error('no stage validate');
  const compiler = schemaCompiler(FILES);
  return kind.make({
    pipeline: 'p',
    route: 'r',
    hasBigints: false,
    log: { info() {}, warn() {}, error() {} },
    labels: undefined,
    stamps,
    name: typeof value === 'string' ? value : '1',
    value,
    options: {},
    expression() {
      throw new Error('no expression');
    },
    functions: new Map(),
    validators: new Map(NAMES.map((name) => [name, compiler.compile(name)])),
  });
}

function messagesOf(bodies: readonly unknown[]): readonly Message[] {
  const origin = frameForTest('in/a', '');
  const headers = new Map<string, readonly string[]>();
  return bodies.map((body, number) => ({
    id: `${number}`,
    address: 'in/a',
    key: undefined,
    label: undefined,
    headers,
    body,
    origin,
  }));
}

/** Measures all three in turns, round by round, so that a slow moment of the machine meets each. The fastest round counts. */
function measureValidation(): ValidateCost {
  const locations = Array.from({ length: MESSAGES }, (_, number): unknown => JSON.parse(report(number).toString()));
  const tracks = locations.map((body) => toTrackUntyped(body, undefined as never));
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, strictTuples: false });
  addFormats.default(ajv);
  const [isLocation, isTrack] = FILES.map(({ schema }) => ajv.compile(schema));
  const before = messagesOf(locations);
  const behind = messagesOf(tracks);
  const byStages = (first: Stage, last: Stage) => (): boolean => {
    let isFine = true;
    for (let n = 0; n < MESSAGES; n += 1) {
      isFine = first.run(before[n]!, 1) !== undefined && last.run(behind[n]!, 1) !== undefined && isFine;
    }
    return isFine;
  };
  const others = [...NAMES];
  const ways: Readonly<Record<keyof ValidateCost, () => boolean>> = {
    byHand() {
      let isFine = true;
      for (let n = 0; n < MESSAGES; n += 1) isFine = isLocation!(locations[n]) && isTrack!(tracks[n]) && isFine;
      return isFine;
    },
    stages: byStages(stageOf(NAMES[0], false), stageOf(NAMES[1], false)),
    versions: byStages(stageOf({ of: others }, false), stageOf({ of: others.toReversed() }, true)),
  };
  const best = { byHand: Infinity, stages: Infinity, versions: Infinity };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const way of Object.keys(ways) as (keyof ValidateCost)[]) {
      const startMs = performance.now();
      if (!ways[way]()) throw new Error('a body does not fit its schema');
      best[way] = Math.min(best[way], ((performance.now() - startMs) / MESSAGES) * 1000);
    }
  }
  return best;
}

/** The most that the stages may cost beside ajv called by hand, in microseconds for both ends of a route. */
const MOST_US = 1;

if (import.meta.main) {
  const cost = measureValidation();
  for (const [way, us] of Object.entries(cost)) {
    process.stdout.write(`${way.padEnd(10)} ${us.toFixed(3)} us, ${(us / cost.byHand).toFixed(2)} of ajv by hand\n`);
  }
  const most = Math.max(cost.stages, cost.versions);
  if (most - cost.byHand > MOST_US) {
    process.stdout.write(`more than ${MOST_US} us above ajv by hand, on a quiet machine a fault\n`);
    process.exitCode = 1;
  }
}
