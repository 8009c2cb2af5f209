import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';

/**
 * Which messages have spans. It is decided before any span is made: a span that nobody will see costs a message more than the rest
 * of its trace.
 */
export interface Sampling {
  /** `isParentSampled`: of the trace context that the message carries; undefined where it carries none. */
  samples(traceId: string, isParentSampled: boolean | undefined): boolean;
}

/** The sampler that the environment names. */
export interface NamedSampler {
  /** Decides for a trace that begins here. */
  readonly root: Sampler;
  /** Whether a trace that began elsewhere goes by the decision made there. */
  readonly isParentBased: boolean;
  /** Both: for the spans that functions make. */
  readonly whole: Sampler;
}

const DEFAULT = 'parentbased_always_on';

/** OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG, as the OpenTelemetry specification names their values. */
export function samplerFrom(environment: NodeJS.ProcessEnv, onTrouble: (text: string) => void): NamedSampler {
  const name = environment['OTEL_TRACES_SAMPLER']?.trim() || DEFAULT;
  const isParentBased = name.startsWith('parentbased_');
  const root = rootSampler(name.replace(/^parentbased_/, ''), environment, onTrouble);
  return { root, isParentBased, whole: new ParentBasedSampler({ root }) };
}

export function samplingOf({ root, isParentBased }: NamedSampler): Sampling {
  const decides = (traceId: string): boolean =>
    root.shouldSample(ROOT_CONTEXT, traceId, '', SpanKind.CONSUMER, {}, []).decision ===
    SamplingDecision.RECORD_AND_SAMPLED;
  return {
    samples: (traceId, isParentSampled) =>
      isParentBased && isParentSampled !== undefined ? isParentSampled : decides(traceId),
  };
}

function rootSampler(name: string, environment: NodeJS.ProcessEnv, onTrouble: (text: string) => void): Sampler {
  switch (name) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(ratioFrom(environment, onTrouble));
    default:
      onTrouble(`expected OTEL_TRACES_SAMPLER to be one of the specification, found ${name}: ${DEFAULT} is used`);
      return new AlwaysOnSampler();
  }
}

function ratioFrom(environment: NodeJS.ProcessEnv, onTrouble: (text: string) => void): number {
  const text = environment['OTEL_TRACES_SAMPLER_ARG']?.trim() || '1';
  const ratio = Number(text);
  if (ratio >= 0 && ratio <= 1) return ratio;
  onTrouble(`expected OTEL_TRACES_SAMPLER_ARG to be a number from 0 to 1, found ${text}: 1 is used`);
  return 1;
}
