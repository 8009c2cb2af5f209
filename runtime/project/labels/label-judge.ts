import { asMap, own } from '#kit/json-value.ts';
import { type BusRange, PipelineLabels } from '../../labels/pipeline-labels.ts';
import type { LabelPolicy } from '../../labels/policy.ts';
import { LabelReader } from '../../labels/wire-label.ts';
import type { JudgedFile } from '../read/ends.ts';
import { checkLabels } from './check-labels.ts';
import { labelWords, textOf } from './label-file.ts';

/** The labels of a pipeline file that names a policy. A file that names none needs none of this code. */
export class LabelJudge {
  readonly #reader: LabelReader;
  readonly #guardSchemas: Readonly<Record<string, unknown>>;

  /** `guardSchemas`: the schemas of the file's guards, by name. */
  constructor(policy: LabelPolicy, guardSchemas: Readonly<Record<string, unknown>> = {}) {
    this.#reader = new LabelReader(policy);
    this.#guardSchemas = guardSchemas;
  }

  check(file: JudgedFile): void {
    checkLabels(file, this.#reader);
  }

  /** The rules of a file without errors, references resolved. Throws LabelError on one that was not checked. */
  rulesOf(file: unknown): PipelineLabels {
    const ranges = new Map<string, BusRange>();
    for (const [name, connection] of Object.entries(asMap(own(asMap(file), 'buses')))) {
      const ceiling = textOf(own(asMap(connection), 'ceiling'));
      const floor = textOf(own(asMap(connection), 'floor'));
      if (ceiling === undefined) continue;
      ranges.set(name, {
        ceiling: this.#reader.readShort(ceiling),
        floor: floor === undefined ? undefined : this.#reader.readShort(floor),
      });
    }
    const { telemetry } = labelWords(file);
    return new PipelineLabels(this.#reader, ranges, this.#guardSchemas, telemetry);
  }
}
