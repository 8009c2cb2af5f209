import { after } from 'node:test';
import { serverTest } from '../harness/server-test.ts';
import { judgeOddFrames } from './tests/odd.ts';
import { stopServers, SUBJECTS } from '../brokers/all.ts';

const COUNT = 50_000;

after(() => stopServers());

for (const subject of SUBJECTS) {
  serverTest(
    `${subject.name}: of 50,000 odd frames among as many good ones none holds up a neighbour`,
    { needs: subject.needs },
    async (t) => {
      await using fixture = await subject.arrange();
      const ends = await judgeOddFrames(fixture, COUNT);
      t.diagnostic([...ends].map(([code, times]) => `${code} ${times}`).join(', '));
    },
  );
}
