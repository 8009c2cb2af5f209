import { readDeadFrames } from './state/read-dead-letters.ts';
import { nameOf, readMark } from './verify/mark.ts';

/** Names of one run's messages among the dead letters of a pipeline's state folder, which may be in use. */
export function deadLetterNames(folder: string, run: string): ReadonlySet<string> {
  const readings = readDeadFrames(folder).flatMap((frame) => [readMark(frame, 'header'), readMark(frame, 'body')]);
  return new Set(
    readings.flatMap((reading) =>
      reading.kind !== 'unreadable' && reading.mark.run === run ? [nameOf(reading.mark)] : [],
    ),
  );
}
