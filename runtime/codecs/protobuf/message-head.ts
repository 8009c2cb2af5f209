import type { DescMessage } from '@bufbuild/protobuf';
import type { MessageHead } from '#contract/schema-codec.ts';

const MOST_INDEXES = 100;

/**
 * Which message of the schema a body is: the index of the outermost message in its file, then of each message within. A count and
 * the indexes are zigzag varints; the first message of the file is one zero byte.
 */
export function messageHead(message: DescMessage): MessageHead {
  const path = pathOf(message);
  const isFirst = path.length === 1 && path[0] === 0;
  const written = Uint8Array.from(isFirst ? [0] : [path.length, ...path].flatMap(varint));
  return { written, ...headAt(path, message.typeName) };
}

/** Reads the indexes of the message that is at this place of its file. */
export function headAt(path: readonly number[], typeName: string): Pick<MessageHead, 'read'> {
  return {
    read(bytes, at) {
      let end = at;
      const next = (): number => {
        let value = 0;
        for (let scale = 1; ; scale *= 128) {
          const byte = bytes[end];
          if (byte === undefined || scale > 2 ** 28) throw new Error('bytes without the indexes of a message');
          end += 1;
          value += (byte & 127) * scale;
          if (byte < 128) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
        }
      };
      const count = next();
      if (count < 0 || count > MOST_INDEXES) throw new Error('bytes without the indexes of a message');
      const found = count === 0 ? [0] : Array.from({ length: count }, next);
      if (found.join() !== path.join()) throw new Error(`another message of the schema than ${typeName}`);
      return end - at;
    },
  };
}

function pathOf(message: DescMessage): number[] {
  const { parent } = message;
  if (parent === undefined) return [message.file.messages.indexOf(message)];
  return [...pathOf(parent), parent.nestedMessages.indexOf(message)];
}

/** Of a number that is not negative. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = value * 2;
  for (; left > 127; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  return [...bytes, left];
}
