import { CLASSES } from '#contract/traffic-class.ts';
import { pipelineName } from './project-name.ts';
import { ENDS, type Starter, type StarterBus, variableOf } from './starter.ts';

export const PIPELINE_SCHEMA = 'node_modules/sluice/schemas/pipeline.schema.json';

/** The pipeline file of a new project. */
export function pipelineText({ name, from, to, class: word }: Starter): string {
  const { use, needs } = CLASSES[word];
  const expiry = needs.includes('expires')
    ? '\n      expires: 5m                  # an older message is a dead letter'
    : '';
  return `# yaml-language-server: $schema=../${PIPELINE_SCHEMA}
name: ${pipelineName(name)}
buses:
  field: { bus: ${from}, ${connection('field', from)} }
  core: { bus: ${to}, ${connection('core', to)} }
routes:
  - name: readings
    class: ${word}
    # ${use}
    from:
      bus: field
      ${ENDS[from].from.join('\n      ')}
      key: "{body.sensor}"         # messages of one key keep their order
      timestamp: "{body.at}"       # when it was measured${expiry}
    stages:
      - validate: reading.v1       # schemas/reading.v1.json; others become dead letters
      - function: to-celsius       # functions/to-celsius.ts
      - validate: temperature.v1
    to:
      bus: core
      ${ENDS[to].to.join('\n      ')}
`;
}

function connection(side: 'field' | 'core', bus: StarterBus): string {
  const { connection: text, fallback } = ENDS[bus];
  return text(`env:${variableOf(side, bus)}|${fallback}`);
}
