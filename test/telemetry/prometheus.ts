import assert from 'node:assert/strict';

type Labels = Readonly<Record<string, string>>;

/** What a scraper reads. */
export interface Metrics {
  /** The one sample of that name with at least these labels. */
  value(name: string, labels?: Labels): number;
  type(name: string): string | undefined;
}

const SAMPLE = /^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?<labels>[^{}]*)\})? (?<value>[0-9.e+-]+|NaN|[+-]Inf)$/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"$/;

/** Reads the text format 0.0.4 strictly: every line must be one, every sample's family declared before it, none twice. */
export async function parseMetrics(url: string): Promise<Metrics> {
  const response = await fetch(url);
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  const text = await response.text();
  assert.ok(text.endsWith('\n'));
  const types = new Map<string, string>();
  const samples: { name: string; labels: Labels; value: number }[] = [];
  const seen = new Set<string>();
  for (const line of text.trimEnd().split('\n')) {
    const declared = /^# TYPE (\S+) (counter|gauge|histogram|summary|untyped)$/.exec(line);
    if (declared !== null) {
      assert.ok(!types.has(declared[1] ?? ''), `${line} stands twice`);
      types.set(declared[1] ?? '', declared[2] ?? '');
    } else if (!/^# (HELP|UNIT) \S+ .+$/.test(line)) {
      const { name = '', labels = '', value = '' } = SAMPLE.exec(line)?.groups ?? {};
      assert.notEqual(name, '', `no line of the format: ${line}`);
      const family = name.replace(/_(?:bucket|sum|count)$/, '');
      assert.ok(types.has(name) || types.get(family) === 'histogram', `${name} before its TYPE`);
      const key = line.slice(0, line.lastIndexOf(' '));
      assert.ok(!seen.has(key), `${key} stands twice`);
      seen.add(key);
      const pairs =
        labels === ''
          ? []
          : labels.split(',').map((label) => {
              const [, labelName = '', labelValue = ''] = LABEL.exec(label) ?? assert.fail(`no label: ${label}`);
              return [labelName, labelValue] as const;
            });
      samples.push({ name, labels: Object.fromEntries(pairs), value: Number(value) });
    }
  }
  return {
    value(name, labels = {}) {
      const found = samples.filter(
        (sample) =>
          sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
      );
      assert.equal(found.length, 1, `${found.length} samples of ${name} ${JSON.stringify(labels)}`);
      return found[0]?.value ?? 0;
    },
    type: (name) => types.get(name),
  };
}
