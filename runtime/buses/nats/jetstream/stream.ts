import type { EndOptions } from '#contract/bus.ts';
import type { NoticeCode } from '#contract/event-codes.ts';
import { SluiceError } from '#contract/errors.ts';
import { asList } from '#kit/json-value.ts';
import type { JetStreamManager, StreamInfo } from '../client/library.ts';
import { propertyOf } from '../client/property.ts';
import { disjoint, filterOfTemplate, includes, overlap } from '../subject.ts';

const STREAM_NOT_FOUND = 10_059;

/** The stream, and its subjects in case the pipeline file allows its creation. */
export interface StreamWanted {
  readonly name: string;
  /** Undefined: the stream is never created. */
  readonly subjects: readonly string[] | undefined;
}

/** The server refuses a stream of all subjects, because it would include its own `$` subjects. */
const FROM_THE_FIRST_TOKEN = /^[*>]/;

/**
 * Subjects of a stream that is made for this pipeline: those of the end itself and those that the other ends write to the
 * stream or read from it. A stream made for one route alone would refuse the others. An end that would open the stream to
 * any first token is left out: when it starts, it reports the subjects that the stream lacks.
 */
export function subjectsToMake(
  stream: string,
  own: readonly string[],
  siblings: EndOptions<unknown, unknown>['siblings'] = [],
): readonly string[] {
  const others = siblings.flatMap(({ stream: name, subject, subjects }) => {
    if (name !== stream) return [];
    return typeof subject === 'string' ? [filterOfTemplate(subject)] : asList(subjects).map(String);
  });
  const isAllowed = (filter: string): boolean => own.includes(filter) || !FROM_THE_FIRST_TOKEN.test(filter);
  // Sorted: two ends that make the stream at the same moment then request the same subjects.
  const wanted = [...new Set([...own, ...others])].filter(isAllowed).toSorted();
  const made = wanted.reduce<readonly string[]>((before, filter) => {
    const after = disjoint([...before, filter]);
    return after.every(isAllowed) ? after : before;
  }, []);
  return own.every((filter) => made.some((wide) => includes(wide, filter))) ? made : disjoint(own);
}

/** The error code of JetStream's API when the server refused a request; undefined for other failures. */
export function apiErrorCode(error: unknown): number | undefined {
  const code = propertyOf(error, 'code');
  return typeof code === 'number' ? code : undefined;
}

/** Finds the stream, or creates it when the pipeline file allows that. Rejects with a BUS_ code. */
export async function findStream(manager: JetStreamManager, wanted: StreamWanted): Promise<StreamInfo> {
  try {
    return await manager.streams.info(wanted.name);
  } catch (error) {
    if (apiErrorCode(error) !== STREAM_NOT_FOUND) throw asBusError(error, `stream ${wanted.name}`);
    if (wanted.subjects === undefined) {
      throw new SluiceError(
        'BUS_MISSING',
        `stream ${wanted.name} does not exist; create it, fix stream, or set create: true on the connection`,
        { cause: error },
      );
    }
  }
  try {
    return await manager.streams.add({ name: wanted.name, subjects: [...wanted.subjects] });
  } catch (error) {
    throw asBusError(error, `creating stream ${wanted.name}`);
  }
}

/** Settings of a stream that keep messages from a route although nothing fails. */
export function streamNotices({ config }: StreamInfo, filters: readonly string[]): readonly StreamNotice[] {
  const { name, mirror, sources, sealed } = config;
  // A mirror has none.
  const subjects = config.subjects ?? [];
  const notices: StreamNotice[] = [];
  if (sealed) {
    const text = `stream ${name} is sealed: it is read to its end, and nothing is added to it any more`;
    notices.push({ code: 'STREAM_SEALED', text });
  }
  // Mirrors and aggregates hold subjects that they do not list.
  const listsAll = mirror === undefined && (sources ?? []).length === 0 && subjects.length > 0;
  if (listsAll && filters.length > 0 && !filters.some((filter) => subjects.some((taken) => overlap(taken, filter)))) {
    const text = `stream ${name} takes the subjects ${subjects.join(', ')}, and the route reads ${filters.join(', ')}: none of them comes into it; fix subjects of one of the two`;
    notices.push({ code: 'STREAM_SUBJECTS', text });
  }
  return notices;
}

interface StreamNotice {
  readonly code: NoticeCode;
  readonly text: string;
}

/** The error of a failed request to JetStream's API. `what` was requested. */
export function asBusError(error: unknown, what: string): SluiceError {
  if (error instanceof SluiceError) return error;
  const { name = '', message = String(error) } = error instanceof Error ? error : {};
  if (name === 'TimeoutError')
    return new SluiceError('BUS_UNREACHABLE', `${what}: JetStream did not answer in time`, { cause: error });
  if (
    name === 'PermissionViolationError' ||
    propertyOf(propertyOf(error, 'cause'), 'name') === 'PermissionViolationError'
  ) {
    return new SluiceError('BUS_AUTH', `${what}: the server denies it; grant the subjects $JS.API.> and _INBOX.>`, {
      cause: error,
    });
  }
  if (name === 'JetStreamNotEnabled' || apiErrorCode(error) === undefined) {
    return new SluiceError(
      'BUS_MISSING',
      `${what}: JetStream does not answer (${message}); is it enabled for this account?`,
      { cause: error },
    );
  }
  return new SluiceError('BUS_SETTING', `${what}: ${message} (${apiErrorCode(error)})`, { cause: error });
}
