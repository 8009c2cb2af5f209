import { catalog } from '../../runtime/host/catalog.ts';
import { checkVerifyDocument, type VerifyDocument } from '../../runtime/verify/document.ts';
import type { VerifyEnds } from '../../runtime/verify/verification.ts';

/** The ends of a document that must be right. */
export function endsOf(document: VerifyDocument): VerifyEnds {
  const { spec, key, findings } = checkVerifyDocument(document, {
    file: 'verify.yaml',
    catalog,
    project: { functions: [], schemas: [] },
    environment: {},
    readFile: () => '',
    mode: 'run',
  });
  if (spec === undefined) throw new Error(JSON.stringify(findings, undefined, 2));
  return { spec, key };
}
