import type { Catalog } from '#contract/catalog.ts';
import type { BusDoctor, CheckLine, ExaminedEnd } from '#contract/doctor.ts';
import { asSluiceError } from '#contract/errors.ts';
import { withDeadline } from '#kit/deadline.ts';
import type { PipelineSpec, RouteSpec } from '../../project/pipeline-spec.ts';
import { needsOf } from '../access.ts';
import { busOf } from '../catalog-of.ts';
import { asDriverOptions } from '../end-options.ts';
import { type RouteEnd, routeEnds } from '../route-ends.ts';
import { failureLine } from './failure-line.ts';

export interface ExamineSettings {
  readonly catalog: Catalog;
  readonly timeoutMs: number;
  /** The longest outage that the pipeline is to survive. */
  readonly outageMs: number;
  readonly perSecond: number | undefined;
  /** Texts of configuration files of servers, by connection. */
  readonly configs: ReadonlyMap<string, string>;
}

/** All that was found at one connection. */
export interface ConnectionReport {
  readonly connection: string;
  readonly bus: string;
  readonly lines: readonly CheckLine[];
}

/** A connection of the file that some route uses, and the means to examine it. */
interface Patient {
  readonly connection: string;
  readonly bus: string;
  readonly options: object;
  readonly sources: readonly ExaminedEnd[];
  readonly sinks: readonly ExaminedEnd[];
}

/** Reaches every connection of a checked pipeline, all at the same time. Never rejects. */
export async function examineBuses(
  pipeline: PipelineSpec,
  settings: ExamineSettings,
): Promise<readonly ConnectionReport[]> {
  const patients = await patientsOf(pipeline, settings);
  return Promise.all(patients.map((patient) => report(pipeline.name, patient, settings)));
}

async function patientsOf(
  pipeline: PipelineSpec,
  { catalog, outageMs }: Pick<ExamineSettings, 'catalog' | 'outageMs'>,
): Promise<readonly Patient[]> {
  const ends = pipeline.routes.flatMap((route) =>
    routeEnds(pipeline, route, catalog).map((routeEnd) => ({ route, routeEnd })),
  );
  return Promise.all(
    [...pipeline.connections.values()].map(async ({ name, bus, options }) => {
      const access = await busOf(catalog, bus).access?.();
      const own = ends
        .filter(({ routeEnd }) => routeEnd.end.connection === name)
        .map(({ route, routeEnd }) => {
          const rights = access === undefined ? [] : needsOf(pipeline, routeEnd, access).rights;
          return examined(route, routeEnd, rights, outageMs);
        });
      return {
        connection: name,
        bus,
        options,
        sources: own.filter(isSource),
        sinks: own.filter((end) => !isSource(end)),
      };
    }),
  );
}

const isSource = ({ direction }: ExaminedEnd): boolean => direction === 'source';

function examined(
  route: RouteSpec,
  { end, place }: RouteEnd,
  rights: ExaminedEnd['rights'],
  outageMs: number,
): ExaminedEnd {
  const { expiresMs, maxBodyBytes, window } = route.from;
  return {
    ...place,
    end: end.options,
    rights,
    trafficClass: route.class,
    maxBodyBytes,
    windowMessages: window.messages,
    // A message past its expiry is not sent: nothing has to keep it longer. A dead letter has none.
    outageMs: place.direction === 'dead-letters' ? outageMs : Math.min(outageMs, expiresMs ?? outageMs),
    hasSpool: route.spool !== undefined,
  };
}

async function report(
  pipeline: string,
  patient: Patient,
  { catalog, timeoutMs, perSecond, configs }: ExamineSettings,
): Promise<ConnectionReport> {
  const { connection, bus, options, sources, sinks } = patient;
  const lines: CheckLine[] = [];
  const isUsed = sources.length + sinks.length > 0;
  const doctor = await busOf(catalog, bus).doctor?.();
  if (doctor === undefined || !isUsed) {
    const found = isUsed ? 'nothing to check: the bus is in this process' : 'not tried: no route uses this connection';
    return { connection, bus, lines: [{ code: 'REACHABLE', verdict: 'ok', about: '', found }] };
  }
  const stop = new AbortController();
  // What was found before the deadline stays.
  let isOver = false;
  const tell = (line: CheckLine): void => {
    if (!isOver) lines.push(line);
  };
  const late = new Error(`no answer within ${timeoutMs} ms`);
  try {
    const examining = examine(doctor, {
      pipeline,
      connection,
      options: asDriverOptions(options),
      sources: asDriverOptions([...sources]),
      sinks: asDriverOptions([...sinks]),
      config: configs.get(connection),
      perSecond,
      timeoutMs,
      signal: stop.signal,
      tell,
    });
    await withDeadline(examining, timeoutMs, () => late);
  } catch (thrown) {
    const isReached = lines.some(({ code }) => code === 'REACHABLE');
    const error = thrown === late ? undefined : asSluiceError(thrown, 'BUS_UNREACHABLE');
    lines.push(failureLine({ connection, options, timeoutMs, isReached }, error));
  } finally {
    isOver = true;
    stop.abort();
  }
  return { connection, bus, lines: inOrder(lines, doctor) };
}

const examine = (doctor: BusDoctor, given: Parameters<BusDoctor['examine']>[0]): Promise<void> => doctor.examine(given);

/** In the order of the table of the bus: first the server, then rights, then settings. */
function inOrder(lines: readonly CheckLine[], { checks }: BusDoctor): readonly CheckLine[] {
  const codes = Object.keys(checks);
  const place = ({ code }: CheckLine): number => codes.indexOf(code);
  return lines.toSorted((a, b) => place(a) - place(b));
}
