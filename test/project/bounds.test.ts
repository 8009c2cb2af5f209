import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPipeline, type CheckResult } from '../../runtime/project/check/check-pipeline.ts';
import { findingsText } from '../../runtime/project/check/findings-text.ts';
import { PROJECT, WORDS } from './words.ts';

function check(text: string): CheckResult {
  return checkPipeline({
    text,
    file: 'p.yaml',
    catalog: WORDS,
    project: PROJECT,
    environment: {},
    readFile: () => {
      throw new Error('no such file');
    },
    mode: 'check',
  });
}

test('maps that are merged into maps that are merged cannot hold up the check', () => {
  const lines = ['a0: &a0 { x: 1 }'];
  for (let level = 1; level < 30; level += 1) {
    const three = Array.from({ length: 3 }, () => `*a${level - 1}`).join(', ');
    lines.push(`a${level}: &a${level} { <<: [${three}], k${level}: 1 }`);
  }
  const { findings } = check(lines.join('\n'));
  assert.deepEqual(
    findings.map(({ code, found }) => [code, found]),
    [['YAML_SYNTAX', 'more, once every alias is followed']],
  );
});

test('a file that is too long, too deep or too full is refused as such, and long findings are cut', () => {
  for (const [text, expected] of [
    [`name: ${'a'.repeat(300_000)}`, /at most 300000 characters/],
    [`name: ${'['.repeat(200)}${']'.repeat(200)}`, /at most 100 levels/],
    [`name: ${'['.repeat(20_000)}`, /at most 100 levels|nesting/],
    [`name: [${'a,'.repeat(40_000)}]`, /at most 30000 values/],
  ] as const) {
    assert.ok(
      check(text).findings.some((finding) => finding.code === 'YAML_SYNTAX' && expected.test(finding.expected)),
      text.slice(0, 20),
    );
  }
  const many = check(`name: p\n${Array.from({ length: 3000 }, (_, n) => `key${n}: 1`).join('\n')}`).findings;
  assert.equal(many.length, 1001);
  const last = many.at(-1);
  assert.deepEqual([last?.code, last?.severity, last?.found], ['CHECK_CUT', 'error', '2002 more']);
});

test('a duration or a size that comes from an environment that is elsewhere does not end the check', () => {
  const text = `name: p
buses: { b: { bus: mqtt, url: "mqtt://h:1" } }
routes:
  - name: r
    from: { bus: b, topics: [x], qos: 0, expires: "env:EXPIRES", maxBody: "env:MAX", window: { messages: "env:N" } }
    to: { bus: b, topic: y }
    retry: { attempts: "env:N", backoff: "env:BACKOFF" }
    watchdog: env:W
`;
  const { spec, findings } = check(text);
  assert.ok(spec, findingsText(findings));
  assert.equal(findings.filter(({ code }) => code === 'ENV_MISSING').length, 6);
});

test('a reference that cannot be resolved is refused where a map or a list must stand', () => {
  const text = (buses: string, from: string, stages: string): string =>
    `name: p\nbuses: { b: ${buses} }\nroutes: [{ name: r, from: ${from}, stages: ${stages}, to: { bus: b, topic: y } }]\n`;
  const bus = '{ bus: mqtt, url: "mqtt://h:1" }';
  const from = '{ bus: b, topics: [x], qos: 0 }';
  assert.ok(check(text(bus, from, '[]')).spec);
  for (const broken of [
    text('"env:NO"', from, '[]'),
    text(bus, '"env:NO"', '[]'),
    text(bus, from, '"env:NO"'),
    text(bus, from, '["env:NO"]'),
    text(bus, '{ bus: b, topics: [x], qos: 0, window: "env:NO" }', '[]'),
  ]) {
    const { findings } = check(broken);
    assert.ok(
      findings.some(({ severity }) => severity === 'error'),
      `${broken}${findingsText(findings)}`,
    );
  }
});

test('a default as long as a file holds is redacted like any other', () => {
  const long = '|x'.repeat(50_000);
  const { findings } = check(`name: p
buses: { b: { bus: mqtt, url: "env:URL_OF_B|${long}" } }
routes: [{ name: r, from: { bus: b, topics: [x] }, to: { bus: b, topic: y } }]
`);
  assert.ok(findings.some(({ severity }) => severity === 'error'));
  assert.ok(!findingsText(findings).includes('|x|x'), findingsText(findings).slice(0, 2000));
});
