// `node writer.ts FOLDER COUNT`: takes the state folder, writes letters, says `settled N` after each one, then stays.
import { letterForTest } from './letter.ts';
import { openDeadLetterStore } from '../../runtime/store/dead-letters/dead-letter-store.ts';
import { takeStateFolder } from '../../runtime/store/state-folder.ts';

const [, , folder = '', count = '0'] = process.argv;
takeStateFolder(folder);
const store = openDeadLetterStore(folder);
process.stdout.write('taken\n');
for (let number = 1; number <= Number(count); number += 1) {
  await store.record(letterForTest({ coordinates: `field:${number}` }));
  process.stdout.write(`settled ${number}\n`);
}
setInterval(() => {}, 60_000);
