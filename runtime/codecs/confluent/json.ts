import type { CodecMaker } from '#contract/schema-codec.ts';
import { jsonUnder } from '../json.ts';

/** JSON whose schema is named by its id in the message. The stage `validate` judges it. */
export const json: CodecMaker = ({ rules }) => jsonUnder(rules);
