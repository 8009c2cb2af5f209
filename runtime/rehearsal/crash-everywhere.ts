import { AssertionError } from 'node:assert';
import type { CrashReport, RehearsedPipeline } from '#contract/rehearsed.ts';
import { PipelineInMemory } from './pipeline.ts';
import { brokenPromise, type Run, runOf } from './promises.ts';
import type { RehearsalSettings } from './rehearsal.ts';
import { type Moment, STEPS } from './steps.ts';

export type Scenario = (pipeline: RehearsedPipeline) => Promise<void> | void;

export interface CrashSettings extends RehearsalSettings {
  readonly file: string;
  readonly runs: number;
}

/**
 * Runs the scenario once without a crash, and then once for each step of each message: there the process is killed and started again. After
 * each run everything that the classes of the routes promise is compared with the first one. Throws an AssertionError at the first broken
 * promise; it names the step, the message and the promise.
 */
export async function crashEverywhereIn(settings: CrashSettings, scenario: Scenario): Promise<CrashReport> {
  const moments: Moment[] = [];
  const noted = (moment: Moment): boolean => {
    moments.push(moment);
    return false;
  };
  const whole = await play({ ...settings, kills: noted }, scenario);
  const alone = brokenPromise(settings.spec, whole, whole);
  if (alone !== undefined) throw failure(settings, 'without any crash', alone);
  const steps: Record<string, number> = {};
  let crashes = 0;
  for (const at of chosen(moments, settings.runs)) {
    let seen = 0;
    let killed: Moment | undefined;
    const kills = (moment: Moment): boolean => {
      seen += 1;
      if (killed !== undefined || seen <= at) return false;
      killed = moment;
      return true;
    };
    const run = await play({ ...settings, kills }, scenario, () => killed).catch((thrown: unknown) => {
      throw killed === undefined
        ? thrown
        : failure(settings, atStep(killed, at, moments.length), reasonOf(thrown), thrown);
    });
    if (killed === undefined) continue;
    crashes += 1;
    steps[killed.step] = (steps[killed.step] ?? 0) + 1;
    const broken = brokenPromise(settings.spec, whole, run);
    if (broken !== undefined) throw failure(settings, atStep(killed, at, moments.length), broken);
  }
  return { crashes, steps };
}

/** `killed`: where the process was killed, once it was. It is started again as soon as nothing more happens. */
async function play(
  settings: CrashSettings,
  scenario: Scenario,
  killed: () => Moment | undefined = () => undefined,
): Promise<Run> {
  const pipeline = await PipelineInMemory.open(settings.file, { ...settings, keepsPublished: true });
  const { rehearsal } = pipeline;
  let isRestarted = false;
  rehearsal.activity.onQuiet = async () => {
    if (isRestarted || killed() === undefined || rehearsal.isRunning) return false;
    isRestarted = true;
    await rehearsal.start();
    return true;
  };
  try {
    // A kill at the start of the process itself.
    await rehearsal.activity.quiet();
    await scenario(pipeline);
    await pipeline.settled();
    return runOf(pipeline);
  } finally {
    await pipeline.close();
  }
}

/** The places of all moments, or of so many: as many of each step as of another, spread over the messages. */
function chosen(moments: readonly Moment[], most: number): readonly number[] {
  if (moments.length <= most) return [...moments.keys()];
  const places = STEPS.map((step) => [...moments.keys()].filter((at) => moments[at]?.step === step));
  const found = new Set<number>();
  for (const [index, own] of places.toSorted((one, other) => one.length - other.length).entries()) {
    const share = Math.min(own.length, Math.floor((most - found.size) / (places.length - index)));
    for (let at = 0; at < share; at += 1) found.add(own[Math.floor((at * own.length) / share)] ?? 0);
  }
  return [...found].toSorted((one, other) => one - other);
}

function atStep({ step, id, route, at }: Moment, number: number, count: number): string {
  const place = at === undefined ? '' : ` (${at})`;
  return `killed at step ${number + 1} of ${count}: '${step}'${place} of message ${id} on route ${route}`;
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function failure({ file }: CrashSettings, where: string, broken: string, cause?: unknown): AssertionError {
  const message = `${file}: a promise is broken, ${where}\n  ${broken}`;
  const error = new AssertionError({ message });
  if (cause !== undefined) error.cause = cause;
  return error;
}
