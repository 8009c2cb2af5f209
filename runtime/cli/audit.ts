import { asMap } from '#kit/json-value.ts';
import { readFileSync } from 'node:fs';
import { messageOf } from '#contract/errors.ts';
import type { ChainEnd } from '../store/audit/chain.ts';
import { verifyAudit } from '../store/audit/verify-audit.ts';
import { type Arguments, type Command, UsageError } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { printJson } from './output.ts';

const END = /^(\d{1,15}):([0-9a-f]{64})$/;

export const audit: Command = {
  usage: 'verify FILE [--expect SEQ:HASH | --tip FILE] [--json]',
  help: {
    '--expect SEQ:HASH':
      'a record that the file must hold, as an earlier `verify` printed it: finds lines cut off its end',
    '--tip FILE': 'the same from the file guards/NAME.tip of the state folder',
    '--json': 'print one JSON object instead of lines',
  },
  examples: [
    ['verify .sluice/orders/audit/release.jsonl', 'verifies one file'],
    ['verify release.jsonl --tip release.tip', 'also that its end was not cut off'],
  ],
  options: { expect: { type: 'string' }, tip: { type: 'string' }, json: { type: 'boolean' } },
  choices: { '': ['verify'] },
  words: [0, 2],
  async run(given) {
    const [word, file] = given.positionals;
    if (word !== 'verify' || file === undefined) throw new UsageError('expected verify FILE, found something else');
    const expected = expectedEnd(given);
    const verdict = await verifyAudit(file, expected).catch((thrown: unknown) => {
      throw new UsageError(`expected an audit file, found ${messageOf(thrown)}`);
    });
    const { isWhole, end } = verdict;
    const tip = `${end.seq}:${end.hash}`;
    if (given.values['json'] === true) {
      const fault = verdict.isWhole ? {} : { line: verdict.at, why: verdict.why };
      printJson('audit', { ok: isWhole, file, records: end.seq, end: tip, ...fault });
    } else if (verdict.isWhole) {
      const unknown = expected === undefined ? UNEXPECTED : '';
      process.stdout.write(`${file}: ${end.seq} records, each follows the one before. Its end is ${tip}\n${unknown}`);
    } else process.stdout.write(`${file}:${verdict.at}: ${verdict.why}\n`);
    return isWhole ? EXIT.fine : EXIT.convicted;
  },
};

const UNEXPECTED =
  'Lines cut off its end, or a chain written anew, are found with --expect SEQ:HASH or --tip FILE only.\n';

function expectedEnd({ values }: Arguments): ChainEnd | undefined {
  const { expect, tip } = values;
  if (expect !== undefined && tip !== undefined) throw new UsageError('expected --expect or --tip, found both');
  if (typeof tip === 'string') return tipIn(tip);
  if (typeof expect !== 'string') return undefined;
  const [, seq, hash] = END.exec(expect) ?? [];
  if (seq === undefined || hash === undefined) throw new UsageError(`expected --expect SEQ:HASH, found ${expect}`);
  return { seq: Number(seq), hash };
}

function tipIn(path: string): ChainEnd {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (thrown) {
    throw new UsageError(`expected --tip with a tip file, found ${messageOf(thrown)}`);
  }
  const { seq, hash } = asMap(value);
  if (typeof seq !== 'number' || typeof hash !== 'string') {
    throw new UsageError(`expected --tip with a tip file, found another one in ${path}`);
  }
  return { seq, hash };
}
