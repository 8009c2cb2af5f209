import { messageOf } from '#contract/errors.ts';
import { findingsText, withoutNotices } from '../../project/check/findings-text.ts';
import { readPipeline } from '../checked-pipeline.ts';
import { UsageError } from '../command.ts';
import { loadParts } from '../load-parts.ts';
import { shortPath } from '../short-path.ts';
import type { Loaded } from './session.ts';

/** `isOffline`: references to the environment and to files need not be there. */
export async function loadVersion(file: string, isOffline: boolean): Promise<Loaded & { readonly folder: string }> {
  try {
    const { result, project } = readPipeline(file, isOffline ? 'check' : 'run');
    const { folder } = project;
    const {
      parts,
      findings: found,
      files,
    } = await loadParts(result.named, project, { ...result, file: shortPath(file) });
    const { spec } = result;
    const errors = [...result.findings, ...found].filter(({ severity }) => severity === 'error');
    if (spec === undefined || errors.length > 0) return { wrong: findingsText(withoutNotices(errors)), folder };
    if (isOffline && parts.codecs?.openRegistry !== undefined) {
      const wrong = `${file} names a schema registry, which --offline does not reach: write confluent: { ids: ... }, or run it without --offline`;
      return { wrong, folder };
    }
    return { version: { spec, parts, imported: files }, folder };
  } catch (thrown) {
    if (!(thrown instanceof UsageError)) throw thrown;
    return { wrong: messageOf(thrown), folder: '' };
  }
}
