import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const PAGE = fileURLToPath(new URL('../../docs/operations/dashboard.json', import.meta.url));

type Query = readonly [expression: string, legend: string];

interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly queries: readonly Query[];
  readonly kind?: 'stat';
}

const OF = 'sluice_pipeline_name=~"$pipeline",sluice_route_name=~"$route"';
const ROUTE = '{{sluice_route_name}}';

function quantiles(histogram: string, by: string, legend: string): readonly Query[] {
  return ([0.5, 0.95, 0.99] as const).map((quantile) => [
    `histogram_quantile(${quantile}, sum by (le, ${by}) (rate(${histogram}_bucket{${OF}}[$__rate_interval])))`,
    `${legend} p${quantile * 100}`,
  ]);
}

function rate(counter: string, by: string, more = ''): string {
  return `sum by (${by}) (rate(${counter}{${OF}${more}}[$__rate_interval]))`;
}

const ROWS: readonly (readonly [title: string, panels: readonly Panel[]])[] = [
  [
    'At a glance',
    [
      {
        title: 'Ends that are not connected',
        unit: 'short',
        kind: 'stat',
        queries: [
          [`count(sluice_source_connected{${OF}} == 0) or vector(0)`, 'sources'],
          [`count(sluice_sink_connected{${OF}} == 0) or vector(0)`, 'sinks'],
        ],
      },
      { title: 'Held', unit: 'short', kind: 'stat', queries: [[`sum(sluice_pipeline_held{${OF}})`, 'messages']] },
      {
        title: 'Dead letters in the store',
        unit: 'short',
        kind: 'stat',
        queries: [[`sum(sluice_deadletter_stored{${OF}})`, 'letters']],
      },
      { title: 'Lag', unit: 'short', kind: 'stat', queries: [[`sum(sluice_source_lag{${OF}})`, 'messages']] },
    ],
  ],
  [
    'Messages',
    [
      { title: 'In', unit: 'mps', queries: [[rate('sluice_pipeline_accepted_total', 'sluice_route_name'), ROUTE]] },
      {
        title: 'Out, by outcome',
        unit: 'mps',
        queries: [
          [rate('sluice_pipeline_messages_total', 'sluice_route_name, sluice_outcome'), `${ROUTE} {{sluice_outcome}}`],
        ],
      },
      {
        title: 'Dead letters, by reason',
        unit: 'mps',
        queries: [
          [rate('sluice_deadletter_messages_total', 'sluice_deadletter_reason'), '{{sluice_deadletter_reason}}'],
        ],
      },
      {
        title: 'Dropped and repeated, by cause',
        unit: 'mps',
        queries: [
          [rate('sluice_pipeline_dropped_total', 'sluice_cause'), 'dropped {{sluice_cause}}'],
          [rate('sluice_pipeline_repeated_total', 'sluice_cause'), 'repeated {{sluice_cause}}'],
        ],
      },
    ],
  ],
  [
    'Where the time goes',
    [
      {
        title: 'Latency: stated time to confirmation',
        unit: 's',
        queries: quantiles('sluice_pipeline_latency', 'sluice_route_name', ROUTE),
      },
      {
        title: 'In the bridge: hand-over to end',
        unit: 's',
        queries: quantiles('sluice_pipeline_duration', 'sluice_route_name', ROUTE),
      },
      {
        title: 'Stages',
        unit: 's',
        queries: quantiles('sluice_stage_duration', 'sluice_route_name, sluice_stage_name', '{{sluice_stage_name}}'),
      },
      {
        title: 'Confirmation by the sink',
        unit: 's',
        queries: quantiles('messaging_client_operation_duration', 'sluice_sink_name', '{{sluice_sink_name}}'),
      },
      { title: 'Made durable', unit: 's', queries: quantiles('sluice_settle_duration', 'sluice_route_name', ROUTE) },
    ],
  ],
  [
    'Backlog and window',
    [
      {
        title: 'Lag in messages',
        unit: 'short',
        queries: [
          [
            `sluice_source_lag{${OF}}`,
            `${ROUTE} {{messaging_destination_name}} {{messaging_destination_partition_id}}`,
          ],
        ],
      },
      {
        title: 'Lag in seconds',
        unit: 's',
        queries: [
          [`sluice_source_lag_time{${OF}}`, `${ROUTE} {{messaging_destination_name}}`],
          [`sluice_inflight_oldest_age{${OF}}`, `${ROUTE} oldest here`],
        ],
      },
      {
        title: 'Window',
        unit: 'percentunit',
        queries: [
          [
            `sluice_queue_messages{${OF},sluice_queue_name="window"} / sluice_queue_limit{${OF},sluice_queue_name="window"}`,
            `${ROUTE} messages`,
          ],
          [`sluice_inflight_bytes{${OF}} / sluice_inflight_bytes_limit{${OF}}`, `${ROUTE} bytes`],
        ],
      },
      {
        title: 'Not read because the window is full',
        unit: 'percentunit',
        queries: [[rate('sluice_backpressure_pause_time_total', 'sluice_route_name'), ROUTE]],
      },
      {
        title: 'Spool',
        unit: 'short',
        queries: [
          [`sluice_spool_messages{${OF}}`, `${ROUTE} messages`],
          [`sluice_spool_bytes{${OF}}`, `${ROUTE} bytes`],
        ],
      },
    ],
  ],
  [
    'Buses',
    [
      {
        title: 'Connected',
        unit: 'short',
        queries: [
          [`sluice_source_connected{${OF}}`, `${ROUTE} source {{sluice_source_name}}`],
          [`sluice_sink_connected{${OF}}`, `${ROUTE} sink {{sluice_sink_name}}`],
        ],
      },
      {
        title: 'Connections that ended',
        unit: 'short',
        queries: [
          [
            `sum by (sluice_route_name, sluice_end, sluice_cause) (increase(sluice_disconnects_total{${OF}}[$__rate_interval]))`,
            `${ROUTE} {{sluice_end}} {{sluice_cause}}`,
          ],
        ],
      },
      {
        title: 'Retries and rewinds',
        unit: 'short',
        queries: [
          [rate('sluice_retries_total', 'sluice_route_name'), `${ROUTE} retries`],
          [rate('sluice_send_rewinds_total', 'sluice_route_name'), `${ROUTE} rewinds`],
        ],
      },
      {
        title: 'Frames sent',
        unit: 'mps',
        queries: [[rate('messaging_client_sent_messages_total', 'sluice_sink_name'), '{{sluice_sink_name}}']],
      },
    ],
  ],
  [
    'Guards and process',
    [
      {
        title: 'Decisions of guards',
        unit: 'short',
        queries: [
          [
            'sum by (sluice_guard_name, sluice_guard_outcome, sluice_guard_reason) (rate(sluice_guard_decisions_total{sluice_pipeline_name=~"$pipeline"}[$__rate_interval]))',
            '{{sluice_guard_name}} {{sluice_guard_outcome}} {{sluice_guard_reason}}',
          ],
        ],
      },
      {
        title: 'Event loop',
        unit: 's',
        queries: [
          ['nodejs_eventloop_delay_p99', '{{instance}} delay p99'],
          ['nodejs_eventloop_delay_max', '{{instance}} delay max'],
        ],
      },
      {
        title: 'CPU',
        unit: 'percentunit',
        queries: [
          ['sum by (instance, cpu_mode) (rate(process_cpu_time_total[$__rate_interval]))', '{{instance}} {{cpu_mode}}'],
          ['nodejs_eventloop_utilization', '{{instance}} event loop'],
        ],
      },
      { title: 'Memory', unit: 'bytes', queries: [['process_memory_usage', '{{instance}}']] },
    ],
  ],
];

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };
const WIDTH = 24;
const HEIGHTS = { row: 1, stat: 4, timeseries: 8 };

function variable(name: string, label: string): object {
  return {
    name,
    type: 'query',
    datasource: DATASOURCE,
    query: { query: `label_values(sluice_pipeline_accepted_total, ${label})`, refId: name },
    refresh: 2,
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: { text: 'All', value: '$__all' },
  };
}

function panelOf({ title, unit, queries, kind }: Panel, id: number, gridPos: object): object {
  return {
    id,
    type: kind ?? 'timeseries',
    title,
    datasource: DATASOURCE,
    gridPos,
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    targets: queries.map(([expr, legendFormat], at) => ({
      refId: String.fromCodePoint(65 + at),
      datasource: DATASOURCE,
      expr,
      legendFormat,
    })),
  };
}

function panels(): object[] {
  const made: object[] = [];
  let y = 0;
  for (const [title, row] of ROWS) {
    made.push({
      id: made.length + 1,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: WIDTH, h: HEIGHTS.row },
    });
    y += HEIGHTS.row;
    const isStats = row.every(({ kind }) => kind === 'stat');
    const [w, h] = [isStats ? WIDTH / row.length : WIDTH / 2, isStats ? HEIGHTS.stat : HEIGHTS.timeseries];
    for (const [at, panel] of row.entries()) {
      const perRow = WIDTH / w;
      made.push(panelOf(panel, made.length + 1, { x: (at % perRow) * w, y: y + Math.floor(at / perRow) * h, w, h }));
    }
    y += Math.ceil((row.length * w) / WIDTH) * h;
  }
  return made;
}

/** docs/operations/dashboard.json, as Grafana imports it. */
export function dashboard(): object {
  return {
    title: 'Sluice',
    uid: 'sluice',
    tags: ['sluice'],
    schemaVersion: 39,
    editable: true,
    refresh: '10s',
    time: { from: 'now-1h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus', current: {} },
        variable('pipeline', 'sluice_pipeline_name'),
        variable('route', 'sluice_route_name'),
      ],
    },
    panels: panels(),
  };
}

if (import.meta.main) writeFileSync(PAGE, `${JSON.stringify(dashboard(), undefined, 2)}\n`);
