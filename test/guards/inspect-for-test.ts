import { Inspection } from '../../runtime/guards/inspection.ts';
import type { GuardSpec } from '../../runtime/guards/guard-spec.ts';
import { schemaCompiler } from '../../runtime/project/schemas/compile-schemas.ts';
import type { Validator } from '#contract/validator.ts';
import { TRACK_HIGH, TRACK_LOW } from './guard-fixture.ts';

export const SPEC: GuardSpec = {
  name: 'g',
  accept: { max: 'S;REL=GBR,USA', min: undefined },
  emit: 'U;REL=*',
  in: 'track.high',
  out: 'track.low',
  maxBytes: 2048,
  maxDepth: 4,
  steps: [
    { kind: 'allowFields', fields: ['id', 'lat', 'lon', 't'] },
    { kind: 'round', fields: ['lat', 'lon'], decimals: 2 },
    { kind: 'time', fields: ['t'], truncateMs: 60_000 },
    { kind: 'denyPatterns', words: ['zulu'] },
  ],
  rate: undefined,
  headers: new Map(),
  key: 'id',
  audit: 'g.jsonl',
  approval: undefined,
};

const compiler = schemaCompiler([
  { name: 'track.high', schema: TRACK_HIGH },
  { name: 'track.low', schema: TRACK_LOW },
]);
export const HIGH: Validator = compiler.compile('track.high');
export const LOW: Validator = compiler.compile('track.low');

export function inspection(
  spec: Partial<GuardSpec> = {},
  parts: Partial<ConstructorParameters<typeof Inspection>[0]> = {},
): Inspection {
  return new Inspection({
    spec: { ...SPEC, ...spec },
    input: HIGH,
    output: LOW,
    outputSchema: TRACK_LOW,
    elapsedMs: () => performance.now(),
    ...parts,
  });
}
