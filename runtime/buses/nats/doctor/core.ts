import type { BusDoctor } from '#contract/doctor.ts';
import { judgeMaxBody, lineWriter } from '../../support/doctor-checks.ts';
import { openDoctorProbe } from '../client/doctor-probe.ts';
import type { CoreFrom, CoreTo } from '../core/options.ts';
import type { NatsConnectionOptions } from '../options.ts';
import { CORE_CHECKS } from './checks.ts';
import { examineServer, judgeRights, tryRights } from './examine-server.ts';

/** Asks a NATS server over one connection. */
export const doctor: BusDoctor<NatsConnectionOptions, CoreFrom, CoreTo> = {
  checks: CORE_CHECKS,
  async examine({ options, sources, sinks, timeoutMs, tell }) {
    const say = lineWriter(tell);
    const probe = await openDoctorProbe(options, timeoutMs);
    try {
      await examineServer(say, probe, options);
      for (const [end, allowed] of await tryRights(probe, [...sources, ...sinks])) judgeRights(say, end, allowed);
      for (const sink of sinks) judgeMaxBody(say, sink, { bytes: probe.maxPayload, setting: 'max_payload' });
    } finally {
      await probe.close();
    }
  },
};
