import { newProject, type Project } from '../harness/project.ts';

/** The broker needs a password, and nobody has it: a rehearsal reads none. */
const BUSES = {
  field: { bus: 'mqtt', url: 'env:NO_SUCH_URL', username: 'env:NO_SUCH_USER', password: 'env:NO_SUCH_PASSWORD' },
  core: { bus: 'mqtt', url: 'env:NO_SUCH_CORE' },
};

const FUNCTIONS = {
  'functions/canonical.ts': `let calls = 0;
export default (body: { n: number; key: string }) => ({ ...body, calls: (calls += 1) });`,
  'functions/twice.ts': `import { emit } from 'sluice';
export default (body: object) => emit({ ...body, part: 0 }, { ...body, part: 1 });`,
  'functions/strict.ts': `import { reject } from 'sluice';
export default (body: { n: number; key: string }) => (body.n < 0 ? reject('below zero') : body);`,
};

/** A route of a class from MQTT to MQTT, whose sinks remove no repetition. */
export function routeOf(trafficClass: string, more: object = {}): object {
  const expires = trafficClass === 'audit' ? {} : { expires: '1m' };
  return {
    name: trafficClass,
    class: trafficClass,
    from: { bus: 'field', topics: [`in/${trafficClass}`], key: '{body.key}', ...expires },
    stages: [{ function: 'strict' }],
    to: { bus: 'core', topic: `out/${trafficClass}` },
    ...more,
  };
}

/** A project with the pipeline `orders`. */
export function projectWith(routes: readonly object[], files: Readonly<Record<string, string | object>> = {}): Project {
  const spec = { name: 'orders', buses: BUSES, routes };
  return newProject({ 'package.json': { type: 'module' }, 'pipelines/orders.yaml': spec, ...FUNCTIONS, ...files });
}
