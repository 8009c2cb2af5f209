import assert from 'node:assert/strict';
import { serverTest } from '../../harness/server-test.ts';
import { openIn } from './spool-fixture.ts';
import { MUCH } from './read-messages.ts';
import { lostOf, type Marks } from './marks.ts';
import { cutAgainAndAgain } from './power-cuts.ts';

const MOST_IDS = 65_536;

function messagesIn(folder: string, said: Marks): { readonly lost: number; readonly quarantined: number } {
  const { store, damage } = openIn(folder);
  const lost = lostOf(store, said).length;
  store.close();
  return { lost, quarantined: damage === undefined ? 0 : 1 };
}

/** Messages that are there and known as processed, or neither, count as lost. */
function idsIn(folder: string, { accepted, ended }: Marks): { readonly lost: number; readonly quarantined: number } {
  const { store, damage } = openIn(folder, { maxIds: MOST_IDS });
  const ids = store.openIds('r', MOST_IDS).rows();
  const known = new Set(ids.map(({ id }) => Number(id)));
  const there = new Set<number>();
  for (let rows = store.next(MUCH); rows.length > 0; rows = store.next(MUCH))
    for (const { message } of rows) there.add(Number(message.id));
  store.close();
  const both = [...there].filter((number) => known.has(number));
  const neither = [...accepted].filter((number) => !there.has(number) && !known.has(number));
  const forgotten = [...ended].filter((number) => !known.has(number));
  assert.equal(known.size, ids.length, 'each once');
  return { lost: both.length + neither.length + forgotten.length, quarantined: damage === undefined ? 0 : 1 };
}

serverTest(
  'a power cut at any moment loses no message that the source heard accept of, whatever of the rest had reached the disk',
  { needs: ['recorded-disk'] },
  async (t) => {
    const { cuts, accepted, lost, quarantined } = await cutAgainAndAgain(t, {
      rounds: 4,
      times: 15,
      mode: '',
      judge: messagesIn,
    });
    assert.ok(cuts >= 120, `${cuts} cuts`);
    assert.ok(accepted > cuts * 500, `${accepted} accepted`);
    assert.deepEqual({ lost, quarantined }, { lost: 0, quarantined: 0 });
  },
);

serverTest(
  'a store that does not wait for the disk is convicted of losing messages',
  { needs: ['recorded-disk'] },
  async (t) => {
    const { lost } = await cutAgainAndAgain(t, { rounds: 1, times: 15, mode: 'forgets', judge: messagesIn });
    assert.ok(lost > 0, 'the judge of power cuts sees no loss where there must be one');
  },
);

serverTest(
  'a kill or a power cut at any moment leaves a message in the spool or its id among the processed ones, never both and never neither',
  { needs: ['recorded-disk'] },
  async (t) => {
    const { cuts, accepted, lost, quarantined } = await cutAgainAndAgain(t, {
      rounds: 3,
      times: 15,
      mode: 'ids',
      judge: idsIn,
    });
    assert.ok(cuts >= 90, `${cuts} cuts`);
    assert.ok(accepted > cuts * 500, `${accepted} accepted`);
    assert.deepEqual({ lost, quarantined }, { lost: 0, quarantined: 0 });
  },
);

serverTest(
  'a spool that removes a message before its id is stored is convicted',
  { needs: ['recorded-disk'] },
  async (t) => {
    const { lost } = await cutAgainAndAgain(t, { rounds: 1, times: 15, mode: 'apart', judge: idsIn });
    assert.ok(lost > 0, 'the judge of ids sees no flaw where there must be one');
  },
);
