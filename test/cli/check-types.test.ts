import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../../runtime/project/check/findings.ts';
import { memoryProject } from '../harness/project.ts';
import { startSluice } from '../harness/sluice-process.ts';

/** `FILE:LINE:COLUMN CODE` of each error in functions of these sources, and all findings. */
async function checked(files: Readonly<Record<string, string | object>>, functions: readonly string[] = ['f']) {
  using project = memoryProject(
    functions.map((name) => ({ function: name })),
    files,
  );
  await using process = startSluice(['check', 'pipelines/p.yaml', '--json'], { cwd: project.folder });
  const code = await process.ended();
  const { findings } = JSON.parse(process.stdout()) as { findings: readonly Finding[] };
  const errors = findings.filter(({ severity }) => severity === 'error');
  const places = errors.map((finding) => `${finding.file}:${finding.line}:${finding.column} ${finding.code}`);
  return { code, places, findings };
}

test('a type error in a function, or in what it imports, is a finding where it stands', async () => {
  const { code, places, findings } = await checked({
    'functions/f.ts': `import type { Transform } from 'sluice';
import { half } from '../lib/half.ts';
const f: Transform<{ n: number }, { n: number }> = ({ n }, { keyy }) => ({ n: half(n), keyy });
export default f;
`,
    'lib/half.ts': `export const half = (n: number): string => n / 2;\n`,
  });
  assert.equal(code, 2);
  assert.deepEqual(places.toSorted(), [
    'functions/f.ts:3:62 FUNCTION_TYPES',
    'functions/f.ts:3:76 FUNCTION_TYPES',
    'lib/half.ts:1:44 FUNCTION_TYPES',
  ]);
  assert.match(String(findings.find(({ line }) => line === 3)?.found), /'keyy' does not exist.*\(TS\d+\)$/);
});

test('what Node, the bundler and the public door offer is no type error, with nothing installed and nothing written down', async () => {
  const { code, places } = await checked(
    {
      'functions/f.ts': `import { createHash } from 'node:crypto';
import { drop, emit, reject } from 'sluice';
import table from './table.json' with { type: 'json' };
import untyped from 'untyped';
export default async (body, context) => {
  if (body.n === undefined) return drop(process.env['WHY'] ?? 'none');
  if (context.attempt > 2) return reject(untyped.why);
  const answer = await fetch(table.url, { signal: context.signal });
  console.log(Buffer.from('x'), setTimeout, createHash('sha256'));
  return emit(await answer.json());
};
`,
      'functions/table.json': { url: 'http://127.0.0.1' },
      'functions/plain.js': 'export default (body) => body.toFixed().nothing();\n',
      'node_modules/untyped/package.json': { name: 'untyped', main: 'main.js' },
      'node_modules/untyped/main.js': "module.exports = { why: 'x' };\n",
    },
    ['f', 'plain'],
  );
  assert.deepEqual([code, places], [0, []]);
});

test("a project's own tsconfig.json decides how strict the types are", async () => {
  const source = { 'functions/f.ts': 'export default (body) => body;\n' };
  assert.deepEqual((await checked(source)).places, []);
  const strict = { compilerOptions: { module: 'nodenext', strict: true, rootDir: 'functions' } };
  assert.deepEqual((await checked({ ...source, 'tsconfig.json': strict })).places, [
    'functions/f.ts:1:17 FUNCTION_TYPES',
  ]);
});

test('a file that does not compile is said once, and options that no compiler takes leave types unchecked, aloud', async () => {
  const broken = await checked({ 'functions/f.ts': 'export default (body) => {\n  return body +;\n};\n' });
  assert.deepEqual(broken.places, ['functions/f.ts:2:16 FUNCTION_BROKEN']);
  const wrong = await checked({
    'functions/f.ts': 'export default (body: number) => body;\n',
    'tsconfig.json': { compilerOptions: { module: 'nodenext', moduleResolution: 'bundler' } },
  });
  assert.deepEqual(wrong.places, []);
  const notice = wrong.findings.find(({ code }) => code === 'FUNCTION_TYPES_UNCHECKED');
  assert.match(String(notice?.found), /\(TS5095\)/);
});

/** One function a line, its type beside it. */
async function judged(lines: readonly string[]) {
  const source = `import { drop, emit, reject, type Transform } from 'sluice';
interface Track { readonly id: string; readonly speed?: number }
${lines.map((line, at) => `export const f${at} = ${line};`).join('\n')}
export default f0;
`;
  const { places } = await checked({ 'functions/f.ts': source });
  return places.map((place) => lines[Number(place.split(':')[1]) - 3]);
}

test('a forgotten return, and a result that is undefined or a bare bigint, is a type error of a function that declares no results', async () => {
  const wrong = [
    '((b, c) => { if (c.attempt > 1) return; return { n: b.n }; }) satisfies Transform<any>',
    '((b) => { if (b.id) return { id: b.id }; }) satisfies Transform<Track>',
    '((b) => { b.id; }) satisfies Transform<Track>',
    '(async (b) => { await fetch(b.id); }) satisfies Transform<Track>',
    '((b) => b.speed) satisfies Transform<Track>',
    '((b) => emit(b, undefined)) satisfies Transform<Track>',
    '((b) => emit(b, 1n)) satisfies Transform<Track>',
    '(() => 1n) satisfies Transform<any>',
    '(async () => undefined) satisfies Transform<any>',
  ];
  assert.deepEqual(await judged(wrong), wrong);
});

test('what ordinary functions return is no type error', async () => {
  const ordinary = [
    '((b) => b) satisfies Transform',
    '((b) => b) satisfies Transform<any>',
    '((b) => (b.id === "" ? drop("none") : b)) satisfies Transform<Track>',
    '((b) => { if (b.speed === undefined) return reject("no speed"); return { ...b, far: 1n }; }) satisfies Transform<Track>',
    '((b) => emit(b, { other: b.id })) satisfies Transform<any>',
    '((b) => emit(...b.map((id): Track => ({ id })))) satisfies Transform<readonly string[]>',
    '(async (b) => ({ ...b, more: await (await fetch(b.id)).json() })) satisfies Transform<Track>',
    '(async (b) => (await fetch(b.id)).json()) satisfies Transform<Track, unknown>',
    '(async (b) => { const made: Track[] = [b]; return emit<Track>(...made); }) satisfies Transform<Track>',
    '((b) => b.speed ?? null) satisfies Transform<Track>',
    '((b) => JSON.parse(b)) satisfies Transform<string>',
    '((b) => new Uint8Array(b)) satisfies Transform<Uint8Array>',
    '((b) => b + 1n) satisfies Transform<bigint, bigint>',
    '((b) => (b ? "yes" : 5)) satisfies Transform<boolean>',
  ];
  assert.deepEqual(await judged(ordinary), []);
});
