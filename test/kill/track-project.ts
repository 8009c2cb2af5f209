import { newProject, type Project } from '../harness/project.ts';

export interface TrackProject extends Project {
  /** Puts another function in the place of `report-to-track`; without a text the ordinary one is back. */
  transform(text?: string): void;
  /** Writes a pipeline file; returns its path. */
  pipeline(name: string, words: PipelineWords): string;
}

/** A pipeline file but for its name. */
export interface PipelineWords {
  readonly buses: Readonly<Record<string, unknown>>;
  readonly routes: readonly unknown[];
}

const REPORT = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'What a unit reports',
  type: 'object',
  required: ['unit', 'n', 'lat', 'lon', 'kmh'],
  properties: {
    unit: { type: 'string', pattern: '^unit-[0-9]+$' },
    n: { type: 'integer', minimum: 1 },
    lat: { type: 'number', minimum: -90, maximum: 90 },
    lon: { type: 'number', minimum: -180, maximum: 180 },
    kmh: { type: 'number', minimum: 0 },
  },
};

const TRACK = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Where something is',
  type: 'object',
  additionalProperties: false,
  required: ['id', 'sequence', 'position', 'speedMps'],
  properties: {
    id: { type: 'string' },
    sequence: { type: 'integer' },
    position: {
      type: 'object',
      required: ['latitude', 'longitude'],
      properties: { latitude: { type: 'number' }, longitude: { type: 'number' } },
    },
    speedMps: { type: 'number' },
  },
};

const REPORT_TO_TRACK = `import type { Transform } from 'sluice';

interface Report { unit: string; n: number; lat: number; lon: number; kmh: number }

const toTrack: Transform<Report> = ({ unit, n, lat, lon, kmh }) => ({
  id: unit,
  sequence: n,
  position: { latitude: lat, longitude: lon },
  speedMps: Math.round((kmh / 3.6) * 100) / 100,
});

export default toTrack;
`;

/** What a route of this project does to a message. */
export const STAGES = [{ validate: 'report.v1' }, { function: 'report-to-track' }, { validate: 'track.v1' }] as const;

/** A project whose function turns reports into tracks, with the schemas of both. */
export function trackProject(): TrackProject {
  const project = newProject({
    'schemas/report.v1.json': REPORT,
    'schemas/track.v1.json': TRACK,
    'functions/report-to-track.ts': REPORT_TO_TRACK,
  });
  return {
    ...project,
    transform: (text = REPORT_TO_TRACK) => void project.write('functions/report-to-track.ts', text),
    pipeline: (name, words) => project.write(`pipelines/${name}.yaml`, { name, ...words }),
  };
}
