import type { Sink } from '#contract/sink.ts';
import type { Clock } from '../engine/clock.ts';
import { bindingKey } from '../labels/binding-key.ts';
import { SigningSink } from '../labels/signing-sink.ts';
import type { RouteSpec } from '../project/pipeline-spec.ts';

/** The sink, or one that signs what it sends. */
export function signedSink(sink: Sink, { sign }: RouteSpec['to'], issuer: string, clock: Pick<Clock, 'nowMs'>): Sink {
  if (sign === undefined) return sink;
  const { kid, alg, key, expiresMs } = sign;
  const expiresAfterS = expiresMs === undefined ? undefined : Math.ceil(expiresMs / 1000);
  const signer = { kid, key: bindingKey(alg, key, 'sign'), issuer, expiresAfterS };
  return new SigningSink(sink, signer, () => clock.nowMs());
}
