import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';

/** OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG, as the OpenTelemetry specification names their values. */
export function samplerFrom(environment: NodeJS.ProcessEnv): Sampler {
  const ratio = Number(environment['OTEL_TRACES_SAMPLER_ARG'] ?? '1');
  const ratioSampler = (): Sampler => new TraceIdRatioBasedSampler(Number.isFinite(ratio) ? ratio : 1);
  switch (environment['OTEL_TRACES_SAMPLER'] ?? '') {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return ratioSampler();
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({ root: ratioSampler() });
    default:
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
  }
}
