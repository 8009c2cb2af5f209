// `node starter.ts FOLDER`: starts in a state folder, says `started`, and stays.
import { openPipelineState } from '../../runtime/store/pipeline-state.ts';

const [, , folder = ''] = process.argv;
openPipelineState(folder);
process.stdout.write('started\n');
setInterval(() => {}, 60_000);
