import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Broker, type Recipe, startBroker } from './broker.ts';
import { healthy } from '../../runtime/infra/probe.ts';
import { type PrometheusQuery, prometheusQuery } from './prometheus-query.ts';
import { pathOf } from './provide.ts';

export interface PrometheusOptions {
  /** What it scrapes: `http://127.0.0.1:PORT/metrics`. Each may have further labels. */
  readonly targets: readonly ScrapeTarget[];
  /** Files of rules: their paths, such as those of docs/operations. */
  readonly ruleFiles?: readonly string[];
  /** The text of one more file of rules; JSON is YAML. */
  readonly rules?: string;
  /** Between two scrapes, and between two evaluations of the rules that say nothing else. Default 200. */
  readonly intervalMs?: number;
}

export interface ScrapeTarget {
  readonly job: string;
  readonly url: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A Prometheus that scrapes fast. */
export interface Prometheus extends Broker {
  readonly query: PrometheusQuery;
}

const INTERVAL_MS = 200;

function configuration(options: PrometheusOptions, ruleFiles: readonly string[]): object {
  const interval = `${options.intervalMs ?? INTERVAL_MS}ms`;
  return {
    // No longer than the interval.
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: ruleFiles,
    scrape_configs: options.targets.map(({ job, url, labels }) => {
      const { protocol, host, pathname } = new URL(url);
      const targets = [{ targets: [host], ...(labels !== undefined && { labels }) }];
      return { job_name: job, scheme: protocol.slice(0, -1), metrics_path: pathname, static_configs: targets };
    }),
  };
}

/**
 * A Prometheus, ready when it has read its rules and answers questions. Its first scrape comes 5 s later, which nothing
 * changes: start one early, and one for a file. A rule that it cannot read ends it: the error has its log.
 */
export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const binary = await pathOf('prometheus');
  const recipe: Recipe = {
    name: 'prometheus',
    scheme: 'http',
    portCount: 1,
    prepare(folder, [port]) {
      const files = [...(options.ruleFiles ?? [])];
      if (options.rules !== undefined) {
        const file = join(folder, 'test.rules.yaml');
        writeFileSync(file, options.rules);
        files.push(file);
      }
      const file = join(folder, 'prometheus.yaml');
      writeFileSync(file, JSON.stringify(configuration(options, files)));
      const data = join(folder, 'data');
      mkdirSync(data, { recursive: true });
      const args = [
        `--config.file=${file}`,
        `--web.listen-address=127.0.0.1:${port}`,
        `--storage.tsdb.path=${data}`,
        '--enable-feature=exemplar-storage',
        // Or the reason why it ends would lie above the end of its log.
        '--log.level=warn',
        // It is told its targets 5 s after its start, and would look for news every 5 s.
        '--scrape.discovery-reload-interval=100ms',
      ];
      return { binary, args, env: { PATH: process.env['PATH'], HOME: folder } };
    },
    probe: ([port]) => healthy(`http://127.0.0.1:${port}/-/ready`),
  };
  const broker = await startBroker(recipe);
  return Object.assign(broker, { query: prometheusQuery(broker.url) });
}
