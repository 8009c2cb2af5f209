import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPipeline } from '../../runtime/cli/checked-pipeline.ts';
import type { Finding } from '../../runtime/project/check/findings.ts';
import { newProject } from '../harness/project.ts';
import { ASSUMING_FILE, DEMO_FILE } from './demo-policy.ts';

const FILE = {
  name: 'p',
  labels: 'ops',
  buses: {
    high: { bus: 'memory', hub: 'high', ceiling: 'S;REL=GBR,USA', floor: 'U' },
    low: { bus: 'memory', hub: 'low', ceiling: 'S;REL=GBR,USA' },
  },
  routes: [{ name: 'down', from: { bus: 'high', addresses: ['a/#'] }, to: { bus: 'low', address: 'b' } } as object],
};
type Changes = { readonly [Word in keyof typeof FILE]?: unknown };

function findingsOf(changes: Changes, policy: unknown = ASSUMING_FILE): readonly Finding[] {
  using project = newProject({
    'pipelines/p.yaml': { ...FILE, ...changes },
    'schemas/ops.policy.json': policy as object,
  });
  const { findings } = readPipeline(project.path('pipelines/p.yaml'), 'check').result;
  return findings.filter(({ severity }) => severity === 'error');
}

function shown(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ code, path, expected, found }) => `${code} ${path}: expected ${expected}, found ${found}`);
}

function buses(high: object, low: object = {}): Changes {
  return { buses: { high: { ...FILE.buses.high, ...high }, low: { ...FILE.buses.low, ...low } } };
}

function route(words: object, from: object = {}, to: object = {}): Changes {
  const sink = { bus: 'low', address: 'b', ...to };
  return { routes: [{ name: 'down', from: { bus: 'high', addresses: ['a/#'], ...from }, to: sink, ...words }] };
}

test('a flow into a place that may not hold it is refused, with the path', () => {
  assert.deepEqual(findingsOf({}), []);
  assert.deepEqual(findingsOf(buses({}, { ceiling: 'TS;REL=USA' })), []);
  const [flow, ...others] = findingsOf(buses({}, { ceiling: 'U;REL=*' }));
  assert.deepEqual(others, []);
  assert.equal(flow?.code, 'LABEL_FLOW');
  assert.equal(flow.path, '/routes/0/to/bus');
  assert.match(flow.expected, /may hold S;REL=GBR,USA, the highest label that can get there/);
  assert.match(flow.found, /^low, at most U;REL=\* \(route down, .*p\.yaml:\d+:\d+: high -> low\)$/);
});

test('dead letters, the state folder and telemetry are places that messages flow to', () => {
  const dead = route({ deadLetter: { bus: 'dead', address: 'dead' } });
  const withDead = (ceiling: string): Changes => ({
    ...dead,
    buses: { ...FILE.buses, dead: { bus: 'memory', hub: 'dead', ceiling } },
  });
  assert.deepEqual(findingsOf(withDead('S;REL=USA')), []);
  assert.deepEqual(
    shown(findingsOf(withDead('S;REL=GBR,USA,FRA'))).map((line) => line.split(':', 1)[0]),
    ['LABEL_FLOW /routes/0/deadLetter/bus'],
  );
  assert.deepEqual(findingsOf({ labels: { policy: 'ops', state: 'S;REL=GBR', telemetry: 'TS;REL=!' } }), []);
  assert.deepEqual(
    findingsOf({ labels: { policy: 'ops', state: 'C', telemetry: 'U' } }).map(({ code, path }) => `${code} ${path}`),
    ['LABEL_FLOW /labels/state', 'LABEL_FLOW /labels/telemetry'],
  );
});

test('a word about labels must be a label of the policy, within the range of its connection', () => {
  const { ceiling: _, ...without } = FILE.buses.high;
  const wrong: readonly (readonly [string, Changes])[] = [
    ['/buses/high/ceiling', { buses: { ...FILE.buses, high: without } }],
    ['/buses/high/ceiling', buses({ ceiling: 'SECRET' })],
    ['/buses/high/ceiling', buses({ ceiling: '1;p=urn:demo:ops;c=S' })],
    ['/buses/high/ceiling', buses({ ceiling: 'S;t=2026-11-20T18:05:42Z' })],
    ['/buses/high/floor', buses({ floor: 'TS' })],
    ['/buses/high/floor', buses({ floor: 'nothing' })],
    ['/routes/0/from/missingLabel', route({}, { missingLabel: 'S;REL=gbr' })],
    ['/routes/0/from/missingLabel', route({}, { missingLabel: 'TS;REL=GBR,USA' })],
    ['/labels', { labels: 'oops' }],
    ['/labels/policy', { labels: { policy: 'oops' } }],
  ];
  for (const [path, changes] of wrong) {
    const findings = findingsOf(changes);
    assert.deepEqual(
      findings.map(({ code, path: at }) => [code, at]),
      [['LABEL_POLICY', path]],
      shown(findings).join('\n'),
    );
  }
  assert.equal(findingsOf({ labels: 'opps' })[0]?.suggestion, 'ops');
  assert.deepEqual(findingsOf(route({}, { missingLabel: 'reject' })), []);
});

test('the policy is named in the file: it decides what is built, before an environment is known', () => {
  for (const labels of ['env:POLICY|ops', { policy: 'env:POLICY|ops' }]) {
    assert.deepEqual(
      findingsOf({ labels }).map(({ code }) => code),
      ['REFERENCE_REFUSED'],
    );
  }
});

test('a policy that says missing: reject lets no file assume a label', () => {
  const found = shown(findingsOf(route({}, { missingLabel: 'S;REL=FVEY' }), DEMO_FILE));
  assert.match(found.join(), /^LABEL_POLICY \/routes\/0\/from\/missingLabel: expected missingLabel: reject/);
});

test('a key in the pipeline file is refused, and nothing of it is told', () => {
  const sign = { kid: 'k', alg: 'HS256', key: 'a secret of thirty-two bytes or more' };
  const [finding, ...others] = findingsOf(route({}, {}, { sign }));
  assert.deepEqual([finding?.code, finding?.path, others], ['LABEL_POLICY', '/routes/0/to/sign/key', []]);
  assert.doesNotMatch(JSON.stringify(finding), /thirty-two/);
});

test('a missingLabel below the floor is refused', () => {
  const changes = { ...buses({ floor: 'C;REL=*' }), ...route({}, { missingLabel: 'R;REL=*' }) };
  assert.deepEqual(shown(findingsOf(changes)), [
    'LABEL_POLICY /routes/0/from/missingLabel: expected at least the floor of its connection, found R;REL=*',
  ]);
});

test('words about labels without a policy are refused: they would judge nothing', () => {
  const { labels: _, ...file } = FILE;
  using project = newProject({ 'pipelines/p.yaml': { ...file, ...route({}, { missingLabel: 'S' }) } });
  const { findings } = readPipeline(project.path('pipelines/p.yaml'), 'check').result;
  assert.deepEqual(
    findings.filter(({ severity }) => severity === 'error').map(({ code, path }) => `${code} ${path}`),
    [
      'LABEL_POLICY /buses/high/ceiling',
      'LABEL_POLICY /buses/high/floor',
      'LABEL_POLICY /buses/low/ceiling',
      'LABEL_POLICY /routes/0/from/missingLabel',
    ],
  );
});

test('a sink that cannot carry a label is refused, and a source that cannot needs an assumed one', () => {
  const mqtt = { bus: 'mqtt', url: 'mqtt://127.0.0.1', protocol: '3.1.1', ceiling: 'S;REL=GBR,USA' };
  const sink = findingsOf({
    buses: { ...FILE.buses, low: mqtt },
    ...route({}, {}, { address: undefined, topic: 'b' }),
  });
  assert.deepEqual(
    sink.map(({ code, path }) => `${code} ${path}`),
    ['LABEL_UNWRITABLE /routes/0/to/bus'],
  );
  const from = { addresses: undefined, topics: ['a'] };
  const source = { buses: { ...FILE.buses, high: mqtt } };
  assert.deepEqual(
    findingsOf({ ...source, ...route({}, from) }).map(({ code, path }) => `${code} ${path}`),
    ['LABEL_POLICY /routes/0/from/bus'],
  );
  assert.deepEqual(findingsOf({ ...source, ...route({}, { ...from, missingLabel: 'S;REL=FVEY' }) }), []);
});

test('a flaw of the policy file is found at its place, whatever its kind', () => {
  const flawed: readonly (readonly [string, object])[] = [
    ['/classifications/5/rank', { classifications: [...DEMO_FILE.classifications, { id: 'X', rank: 0 }] }],
    ['/classifications/5/id', { classifications: [...DEMO_FILE.classifications, { id: 'U', rank: 99 }] }],
    [
      '/categories/0/requird',
      { categories: [{ tag: 'SCD', type: 'restrictive', values: ['A'], requird: true }], requires: [] },
    ],
    ['/requires/0/when/has', { requires: [{ when: { has: 'REL:USA' }, classAtLeast: 'C' }] }],
    ['/requires/0/when', { requires: [{ when: { classAtLeast: 'C', has: 'DIS:ORCON' }, mustHave: 'SCD:ATOMAL' }] }],
    [
      '/categories',
      {
        categories: [
          {
            tag: 'TEN',
            type: 'permissive',
            values: Array.from({ length: 120 }, (_, at) => `TENANT-${at}`),
            absent: 'nobody',
          },
        ],
        requires: [],
      },
    ],
    ['/requires/0/classAtLeast', { requires: [{ when: { has: 'SCD:ATOMAL' }, classAtLeast: 'XX' }] }],
    ['/equivalents', { equivalents: [{ from: 'urn:other:x', classifications: { S: 'S' } }] }],
  ];
  for (const [path, changes] of flawed) {
    const findings = findingsOf({}, { ...DEMO_FILE, ...changes });
    assert.deepEqual(
      findings.map((finding) => [finding.code, finding.path]),
      [
        ['LABEL_POLICY', '/labels'],
        ['LABEL_POLICY', path],
      ],
      shown(findings).join('\n'),
    );
    assert.match(findings[1]?.file ?? '', /schemas\/ops\.policy\.json$/);
    assert.ok((findings[1]?.line ?? 0) > 0);
  }
});

test('what is no label of the policy is shown as it stands in the file, and not where it comes by reference', () => {
  const [written] = findingsOf(buses({ ceiling: 'SECRET' }));
  assert.equal(written?.found, 'another one in SECRET');
  assert.equal(written.write, 'a label of the policy, such as U');
  const [referred] = findingsOf(buses({ ceiling: 'env:NO_SUCH_VARIABLE|hidden' }));
  assert.deepEqual([referred?.code, referred?.found], ['LABEL_POLICY', 'another one']);
  const [complete] = findingsOf(buses({ ceiling: '1;p=urn:demo:ops;c=S' }));
  assert.equal(complete?.expected, "a label without version and policy, which are the file's");
  const [slip] = findingsOf(route({}, { missingLabel: 'rejct' }));
  assert.match(String(slip?.expected), /^reject, or a classification of policy urn:demo:ops/);
});
