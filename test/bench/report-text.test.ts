import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Report, reportOf } from './report-text.ts';

type Figure = 'messagesPerSecond' | 'writes' | 'peakRssMb';
type Round = Readonly<Record<Figure, number | undefined>>;

const ROWS = [
  { figure: 'messagesPerSecond', unit: 'messages/s', digits: 0 },
  { figure: 'writes', unit: 'writes/1000', digits: 1 },
  { figure: 'peakRssMb', unit: 'MB peak RSS', digits: 0 },
] as const;
const HAND: Round = { messagesPerSecond: 1000, writes: 10, peakRssMb: 100 };

function compared(sluice: readonly Round[], sink = 'jetstream'): Report {
  const results = { hand: [HAND], sluice };
  return reportOf<Figure>({ title: 'a case', sink, rows: ROWS, by: 'ratio', results, each: false });
}

/** The first words of the lines that are marked. */
function marked({ text }: Report): readonly string[] {
  return text
    .split('\n')
    .filter((line) => line.endsWith('EXCEEDED'))
    .map((line) => line.trim().split(/\s+/)[0] ?? '');
}

void suite('the report of the benchmark', () => {
  void test('marks the figures that exceed their bounds, and no others', () => {
    const within = compared([{ messagesPerSecond: 950, writes: 11, peakRssMb: 120 }]);
    assert.deepEqual(marked(within), []);
    assert.equal(within.isOver, false);
    const over = compared([{ messagesPerSecond: 940, writes: 11.2, peakRssMb: 120 }]);
    assert.deepEqual(marked(over), ['messages/s', 'writes/1000']);
    assert.equal(over.isOver, true);
  });

  void test('bounds the memory for sinks on NATS alone', () => {
    const large = [{ messagesPerSecond: 1000, writes: 10, peakRssMb: 130 }];
    assert.deepEqual(marked(compared(large, 'jetstream')), ['MB']);
    assert.deepEqual(marked(compared(large, 'nats')), ['MB']);
    assert.deepEqual(marked(compared(large, 'kafka')), []);
  });

  void test('does not judge a ratio of figures near zero', () => {
    const hand: Round = { ...HAND, writes: 0.1 };
    const textOf = (writes: number): Report =>
      reportOf<Figure>({
        title: 'a case',
        sink: 'nats',
        rows: ROWS,
        by: 'ratio',
        results: { hand: [hand], sluice: [{ ...HAND, writes }] },
        each: false,
      });
    assert.deepEqual(marked(textOf(0.5)), []);
    assert.deepEqual(marked(textOf(0.6)), ['writes/1000']);
  });

  void test('judges the median of the rounds', () => {
    const rounds = [2000, 100, 1000].map((messagesPerSecond) => ({ ...HAND, messagesPerSecond }));
    assert.deepEqual(marked(compared(rounds)), []);
    assert.match(compared(rounds).text, /messages\/s +1000 +1000 +1\.00 /);
  });

  void test('says that a figure is unknown where the machine cannot count, and judges nothing by it', () => {
    const results = { hand: [{ ...HAND, writes: undefined }], sluice: [{ ...HAND, writes: undefined }] };
    const report = reportOf<Figure>({ title: 'a case', sink: 'nats', rows: ROWS, by: 'ratio', results, each: false });
    assert.match(report.text, /writes\/1000 +unknown +unknown\n/);
    assert.equal(report.isOver, false);
  });

  void test('compares latencies by their difference', () => {
    const report = reportOf<'p50Ms'>({
      title: 'a case',
      sink: 'kafka',
      rows: [{ figure: 'p50Ms', unit: 'ms p50', digits: 2 }],
      by: 'added',
      results: { hand: [{ p50Ms: 1 }], sluice: [{ p50Ms: 1.21 }] },
      each: false,
    });
    assert.match(report.text, /ms p50 +1\.00 +1\.21 +0\.21 {2}<= 0\.20 {2}EXCEEDED\n/);
    assert.equal(report.isOver, true);
  });

  void test('is at most 72 columns wide', () => {
    for (const line of compared([HAND]).text.split('\n')) assert.ok(line.length <= 72, line);
  });
});
