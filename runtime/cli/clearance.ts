import { type Clearance, clearanceAt, SEES_ALL } from '../labels/clearance.ts';
import { LabelError } from '../labels/label-error.ts';
import type { PipelineLabels } from '../labels/pipeline-labels.ts';
import { type Arguments, UsageError } from './command.ts';

/** By `--clearance`. Throws UsageError for a clearance that is no label of the pipeline's policy. */
export function clearanceOf({ values }: Arguments, labels: PipelineLabels | undefined): Clearance {
  const text = values['clearance'];
  if (typeof text !== 'string') return SEES_ALL;
  if (labels === undefined)
    throw new UsageError('expected a pipeline that names a label policy beside --clearance, found none');
  const { reader } = labels;
  try {
    return clearanceAt(reader, reader.readShort(text), text);
  } catch (thrown) {
    if (thrown instanceof LabelError) throw new UsageError(`--clearance: ${thrown.message}`);
    throw thrown;
  }
}
