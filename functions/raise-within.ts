import type { Transform } from 'sluice';
import type { TrackV1 } from '../schemas/types.d.ts';

/** `with: { area, label }`: the label that every track within the area is raised to. The bounds are degrees. */
interface Options {
  readonly area?: Readonly<Record<'south' | 'west' | 'north' | 'east', number>>;
  readonly label?: string;
}

const raiseWithin: Transform<TrackV1, TrackV1> = (track, context) => {
  const { area, label }: Options = context.options;
  // A forgotten option must not let a track pass without its label.
  if (area === undefined || label === undefined) throw new TypeError('raise-within needs with: { area, label }');
  const { latitude, longitude } = track.position;
  const isOutside = latitude < area.south || latitude > area.north || longitude < area.west || longitude > area.east;
  if (!isOutside) context.raise(label);
  return track;
};

export default raiseWithin;
