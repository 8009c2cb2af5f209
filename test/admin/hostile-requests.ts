import fc from 'fast-check';

const word = fc.string({ unit: 'binary-ascii', maxLength: 20 });
const method = fc.constantFrom('GET', 'POST', 'HEAD', 'PUT', 'OPTIONS', 'CONNECT', 'TRACE', 'get', '', '\u0000');
const path = fc.oneof(
  fc.constantFrom('/', '/status', '/readyz?exclude=%ff&exclude=a', '/letters?below=1e999&route=%00', '/letters/1', '*'),
  fc.constantFrom('/letters/../../etc/passwd', '//x', 'http://[', '/%', '/events', '/assets/', '/letters/replay', '?'),
  word.map((text) => `/${text}`),
);
const host = fc.constantFrom('localhost', '127.0.0.1', 'evil.example', '[::1]:1', '', 'a b', 'localhost\u0000');
const header = fc.oneof(
  fc.constantFrom(
    'content-length: 5',
    'content-length: -1',
    'content-length: 99999999999999999999',
    'content-length: 5\r\ncontent-length: 6',
    'transfer-encoding: chunked',
    'transfer-encoding: chunked, identity',
    'expect: 100-continue',
    'expect: a miracle',
    'upgrade: websocket\r\nconnection: upgrade',
    'connection: keep-alive',
    'cookie: sluice-admin=; sluice-admin=x',
    'authorization: Bearer',
    'content-type: application/x-www-form-urlencoded',
    'range: bytes=0-0',
    ' folded: x',
    'no-colon',
    `x: ${'y'.repeat(9000)}`,
  ),
  fc.tuple(word, word).map(([name, value]) => `${name}: ${value}`),
);
const body = fc.oneof(
  fc.constant(''),
  word,
  fc.constantFrom('5\r\nhello\r\n0\r\n\r\n', 'fffffffff\r\n', 'a=%zz&b', '0\r\n\r\n'),
);

/** Requests as a stranger may write them: some are right, most are not HTTP at all. Each is the same for the same seed. */
export function hostileRequests(count: number, seed: number): readonly string[] {
  const request = fc.oneof(
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 80 }) },
    {
      weight: 6,
      arbitrary: fc
        .tuple(
          method,
          path,
          host,
          fc.array(header, { maxLength: 4 }),
          body,
          fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/9', ''),
        )
        .map(([verb, where, name, headers, rest, version]) =>
          [`${verb} ${where} ${version}`, `host: ${name}`, ...headers, '', rest].join('\r\n'),
        ),
    },
  );
  return fc.sample(request, { numRuns: count, seed });
}
