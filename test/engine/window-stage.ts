import assert from 'node:assert/strict';
import { type Message, withBody } from '../../runtime/contract/message.ts';
import { Joined, KEPT, type Stage, type StageResult } from '../../runtime/contract/stage.ts';

/** A window: it keeps messages and joins every `size` of them into one. `flush` joins what it keeps. */
export function windowOf(size: number): Stage & { flush(): void } {
  const kept: Message[] = [];
  let emit: (joined: Joined) => void = () => assert.fail('it was not started');
  const join = (all: readonly Message[]): Message => {
    const [first] = all;
    assert.ok(first !== undefined);
    return withBody(first, all.map(({ body }) => String(body)).join('+'));
  };
  return {
    name: 'window test',
    start: (take) => (emit = take),
    run(message): StageResult {
      if (kept.length + 1 < size) {
        kept.push(message);
        return KEPT;
      }
      const of = kept.splice(0);
      return new Joined([join([...of, message])], of);
    },
    flush() {
      const of = kept.splice(0);
      if (of.length > 0) emit(new Joined([join(of)], of));
    },
  };
}
