import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SluiceError } from '#contract/errors.ts';
import { AuditFile } from '../../runtime/store/audit/audit-file.ts';
import { CHAIN_START, nextLine } from '../../runtime/store/audit/chain.ts';
import { ChainTip } from '../../runtime/store/audit/chain-tip.ts';
import { verifyAudit } from '../../runtime/store/audit/verify-audit.ts';
import { MAIN } from '../harness/sluice-process.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';

const NOW_MS = Date.UTC(2026, 10, 28);

function openIn(folder: string): Promise<AuditFile> {
  return AuditFile.open({
    path: join(folder, 'audit/g.jsonl'),
    tip: new ChainTip(join(folder, 'g.tip')),
    note: 'policy 1',
    nowMs: () => NOW_MS,
    onTipLost: (error) => assert.fail(error.message),
  });
}

async function written(folder: string, count: number): Promise<string> {
  const file = await openIn(folder);
  await Promise.all(Array.from({ length: count }, (_, at) => file.append({ kind: 'test', at, text: 'Größe\u0001' })));
  await file.close();
  return join(folder, 'audit/g.jsonl');
}

test('a file continues its chain over restarts, and verifies', async () => {
  using folder = temporaryFolder('audit');
  const path = await written(folder.path, 3);
  await written(folder.path, 2);
  const verdict = await verifyAudit(path, new ChainTip(join(folder.path, 'g.tip')).read());
  assert.equal(verdict.isWhole, true);
  assert.equal(verdict.end.seq, 5);
  assert.equal(new ChainTip(join(folder.path, 'g.tip')).read()?.note, 'policy 1');
});

test('every edited, removed, moved or doubled line is found at its place', async () => {
  using folder = temporaryFolder('audit');
  const path = await written(folder.path, 8);
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  const judge = async (changed: readonly string[]): Promise<number | undefined> => {
    writeFileSync(path, changed.map((line) => `${line}\n`).join(''));
    const verdict = await verifyAudit(path, undefined);
    return verdict.isWhole ? undefined : verdict.at;
  };
  assert.equal(await judge(lines), undefined);
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    for (let byte = 0; byte < line.length; byte += 7) {
      const edited = `${line.slice(0, byte)}${line[byte] === 'x' ? 'y' : 'x'}${line.slice(byte + 1)}`;
      assert.equal(await judge(lines.with(at, edited)), at + 1, `byte ${byte} of line ${at + 1}`);
    }
    assert.equal(await judge(lines.with(at, ` ${line}`)), at + 1);
    assert.equal(await judge(lines.with(at, line.replace('{', '{"v":1,'))), at + 1, 'a name twice');
    const next = lines[at + 1];
    if (next !== undefined) {
      assert.equal(await judge(lines.toSpliced(at, 1)), at + 1, 'removed');
      assert.equal(await judge(lines.with(at, next).with(at + 1, line)), at + 1, 'moved');
    }
    assert.equal(await judge(lines.toSpliced(at, 0, line)), at + 2, 'doubled');
  }
});

test('a cut end, and a chain that was written anew, are found by an end that is known from elsewhere', async () => {
  using folder = temporaryFolder('audit');
  const path = await written(folder.path, 4);
  const tip = new ChainTip(join(folder.path, 'g.tip')).read();
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  writeFileSync(
    path,
    lines
      .slice(0, 3)
      .map((line) => `${line}\n`)
      .join(''),
  );
  assert.equal((await verifyAudit(path, undefined)).isWhole, true, 'the chain alone cannot show it');
  const cut = await verifyAudit(path, tip);
  assert.deepEqual([cut.isWhole, !cut.isWhole && cut.at], [false, 4]);
  let end = CHAIN_START;
  let forged = '';
  for (let at = 0; at < 4; at += 1) {
    const next = nextLine({ kind: 'test', at: -at }, end, NOW_MS);
    forged += next.line;
    end = next.end;
  }
  writeFileSync(path, forged);
  assert.equal((await verifyAudit(path, undefined)).isWhole, true, 'the chain alone cannot show it');
  assert.equal((await verifyAudit(path, tip)).isWhole, false);
});

test('a torn line is recorded at the next start, and the chain goes on', async () => {
  using folder = temporaryFolder('audit');
  const path = await written(folder.path, 2);
  appendFileSync(path, '{"kind":"te');
  assert.equal((await verifyAudit(path, undefined)).isWhole, false);
  await written(folder.path, 1);
  const records = readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { kind: string });
  assert.deepEqual(
    records.map(({ kind }) => kind),
    ['test', 'test', 'audit.torn', 'test'],
  );
  assert.equal((await verifyAudit(path, undefined)).isWhole, true);
});

test('lines that were cut off while nobody wrote are recorded at the next start, and no verification passes any more', async () => {
  using folder = temporaryFolder('audit');
  const path = await written(folder.path, 3);
  const text = readFileSync(path, 'utf8');
  truncateSync(path, text.lastIndexOf('\n', text.length - 2) + 1);
  await written(folder.path, 1);
  const verdict = await verifyAudit(path, undefined);
  assert.deepEqual([verdict.isWhole, !verdict.isWhole && verdict.at], [false, 3]);
});

test('a last line that is no record keeps the file from being continued', async () => {
  using folder = temporaryFolder('audit');
  const path = await written(folder.path, 2);
  writeFileSync(path, readFileSync(path, 'utf8').replace('"at":1', '"at":7'));
  await assert.rejects(openIn(folder.path), (error: SluiceError) => error.code === 'GUARD_AUDIT');
});

test('a file that is cut or replaced while it is open gets no further record', async () => {
  using folder = temporaryFolder('audit');
  const file = await openIn(folder.path);
  const path = join(folder.path, 'audit/g.jsonl');
  await file.append({ kind: 'test' });
  const whole = readFileSync(path);
  truncateSync(path, 10);
  await assert.rejects(file.append({ kind: 'test' }), (error: SluiceError) => error.code === 'GUARD_AUDIT');
  writeFileSync(path, whole);
  await file.append({ kind: 'test' });
  renameSync(path, `${path}.old`);
  writeFileSync(path, readFileSync(`${path}.old`));
  await assert.rejects(file.append({ kind: 'test' }), (error: SluiceError) => error.code === 'GUARD_AUDIT');
  await file.close();
});

test('of two that write one file at once neither overwrites a line of the other, and both stop', async () => {
  using folder = temporaryFolder('audit');
  const [one, other] = [await openIn(folder.path), await openIn(folder.path)];
  const ends = await Promise.allSettled([one.append({ kind: 'one' }), other.append({ kind: 'other' })]);
  const refused = ends.filter(({ status }) => status === 'rejected').length;
  const text = readFileSync(join(folder.path, 'audit/g.jsonl'), 'utf8');
  assert.ok(refused >= 1 && text.includes('"one"') && text.includes('"other"'), text);
  for (const file of [one, other]) {
    await assert.rejects(file.append({ kind: 'more' }), (error: SluiceError) => error.code === 'GUARD_AUDIT');
    await file.close();
  }
});

test('a chain that was written anew, longer than the end that the tip knows, is recorded at the next start', async () => {
  using folder = temporaryFolder('audit');
  const path = await written(folder.path, 3);
  let end = CHAIN_START;
  let forged = '';
  for (let at = 0; at < 6; at += 1) {
    const next = nextLine({ kind: 'forged', at }, end, NOW_MS);
    forged += next.line;
    end = next.end;
  }
  writeFileSync(path, forged);
  await written(folder.path, 1);
  const verdict = await verifyAudit(path, new ChainTip(join(folder.path, 'g.tip')).read());
  assert.deepEqual([verdict.isWhole, !verdict.isWhole && verdict.at], [false, 7]);
});

test('a file that a crash left with more lines than the tip knows is whole', async () => {
  using folder = temporaryFolder('audit');
  const tip = join(folder.path, 'g.tip');
  const path = await written(folder.path, 2);
  const before = readFileSync(tip);
  await written(folder.path, 2);
  writeFileSync(tip, before);
  await written(folder.path, 1);
  assert.equal((await verifyAudit(path, new ChainTip(tip).read())).isWhole, true);
});

test('a file that was moved away with its tip verifies, and a new chain begins', async () => {
  using folder = temporaryFolder('audit');
  const tip = join(folder.path, 'g.tip');
  const path = await written(folder.path, 2);
  for (const file of [path, tip]) renameSync(file, `${file}.1`);
  await written(folder.path, 1);
  for (const [ending, seq] of [
    ['', 1],
    ['.1', 2],
  ] as const) {
    const { isWhole, end } = await verifyAudit(path + ending, new ChainTip(tip + ending).read());
    assert.deepEqual([isWhole, end.seq], [true, seq]);
  }
});

test('another file under the name of the audit file, or of its tip, is left as it is', async () => {
  using folder = temporaryFolder('audit');
  const path = await written(folder.path, 1);
  for (const text of ['a secret without a line end', '\0'.repeat(100), 'line\n']) {
    writeFileSync(path, text);
    await assert.rejects(openIn(folder.path), (error: SluiceError) => error.code === 'GUARD_AUDIT');
    assert.equal(readFileSync(path, 'utf8'), text);
  }
  writeFileSync(path, '');
  writeFileSync(join(folder.path, 'g.tip'), 'no tip');
  await assert.rejects(openIn(folder.path), (error: SluiceError) => error.code === 'GUARD_AUDIT');
});

test('rubbish is read in time that grows with its length alone, and a line that is no UTF-8 is named', async () => {
  using folder = temporaryFolder('audit');
  const path = await written(folder.path, 3);
  const line = (bytes: Buffer): Promise<unknown> => {
    writeFileSync(path, bytes);
    return verifyAudit(path, undefined).then((verdict) => !verdict.isWhole && verdict.at);
  };
  const whole = readFileSync(path);
  assert.equal(await line(Buffer.concat([whole, Buffer.from([0x7b, 0xff, 0x0a])])), 4);
  assert.equal(await line(Buffer.concat([Buffer.from('\ufeff'), whole])), 1);
  assert.equal(await line(Buffer.from(whole.toString().replaceAll('\n', '\r\n'))), 1);
  assert.equal(await line(Buffer.concat([whole, whole])), 4, 'a second beginning');
  assert.equal(await line(whole.subarray(0, -1)), 3, 'the last line end is missing');
  const started = performance.now();
  assert.equal(await line(Buffer.alloc(64 * 1024 * 1024, 'A')), 1);
  assert.ok(performance.now() - started < 5000);
});

test('records of one turn are durable together', async () => {
  using folder = temporaryFolder('audit');
  const file = await openIn(folder.path);
  const started = performance.now();
  await Promise.all(Array.from({ length: 1000 }, () => file.append({ kind: 'test' })));
  assert.equal(file.end.seq, 1000);
  assert.ok(performance.now() - started < 2000);
  await file.close();
});

test('sluice audit verify ends with 0 or 4, and names the first bad line', async () => {
  using folder = temporaryFolder('audit');
  const path = await written(folder.path, 3);
  const run = (...words: string[]): { readonly status: number | null; readonly stdout: string } => {
    const { status, stdout } = spawnSync(process.execPath, [MAIN, 'audit', 'verify', path, ...words], {
      encoding: 'utf8',
    });
    return { status, stdout };
  };
  const fine = run();
  assert.equal(fine.status, 0);
  assert.match(fine.stdout, /3 records/);
  const end = /Its end is (\S+)/.exec(fine.stdout)?.[1] ?? '';
  assert.equal(run('--expect', end).status, 0);
  assert.equal(run('--tip', join(folder.path, 'g.tip')).status, 0);
  writeFileSync(path, readFileSync(path, 'utf8').split('\n').slice(0, 2).join('\n').concat('\n'));
  assert.equal(run().status, 0);
  assert.equal(run('--expect', end).status, 4);
  writeFileSync(path, readFileSync(path, 'utf8').replace('"at":1', '"at":9'));
  const bad = run('--json');
  assert.equal(bad.status, 4);
  assert.deepEqual((JSON.parse(bad.stdout) as { line: number }).line, 2);
  assert.equal(run('--expect', 'nothing').status, 2);
});
