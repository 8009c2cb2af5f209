import assert from 'node:assert/strict';
import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import type { Frame } from '#contract/frame.ts';
import { bindingFault, type BoundMessage, signBinding, type Signer } from '../../runtime/labels/binding.ts';
import { bindingKey } from '../../runtime/labels/binding-key.ts';
import { startMemoryRun } from '../host/memory-run.ts';
import { DEMO_FILE } from './demo-policy.ts';

const NOW_S = 1_790_000_000;
const SECRET = 'a secret of thirty-two bytes or more';
const pem = (key: KeyObject, type: 'pkcs8' | 'spki'): string => key.export({ format: 'pem', type }).toString();
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const other = generateKeyPairSync('ed25519');

const KEYS = new Map([
  ['src-1', bindingKey('EdDSA', pem(publicKey, 'spki'), 'verify')],
  ['shared', bindingKey('HS256', SECRET, 'verify')],
]);
const ED: Signer = {
  kid: 'src-1',
  key: bindingKey('EdDSA', pem(privateKey, 'pkcs8'), 'sign'),
  issuer: 'p/r',
  expiresAfterS: 60,
};
const HS: Signer = { ...ED, kid: 'shared', key: bindingKey('HS256', SECRET, 'sign') };
const MESSAGE: BoundMessage = {
  label: '1;p=urn:demo:ops;c=S',
  body: Buffer.from('{"n":1}'),
  contentType: 'a/b',
  id: 'm1',
};

function faultOf(text: string, changes: Partial<BoundMessage> = {}, nowS = NOW_S): string | undefined {
  return bindingFault(text, { ...MESSAGE, ...changes }, KEYS, nowS)?.code;
}

function parts(text: string): [string, string, string] {
  const [head = '', claims = '', signature = ''] = text.split('.');
  return [head, claims, signature];
}

const b64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

for (const [name, signer] of Object.entries({ EdDSA: ED, HS256: HS })) {
  test(`${name}: a binding holds for its own message, and for no other`, () => {
    const text = signBinding(MESSAGE, signer, NOW_S);
    assert.equal(faultOf(text), undefined);
    assert.equal(faultOf(text, { label: '1;p=urn:demo:ops;c=U' }), 'LABEL_SIG_MISMATCH');
    assert.equal(faultOf(text, { body: Buffer.from('{"n":2}') }), 'LABEL_SIG_MISMATCH');
    assert.equal(faultOf(text, { body: null }), 'LABEL_SIG_MISMATCH');
    const empty = signBinding({ ...MESSAGE, body: Buffer.alloc(0) }, signer, NOW_S);
    assert.equal(faultOf(empty, { body: null }), 'LABEL_SIG_MISMATCH');
    assert.equal(faultOf(text, { id: 'm2' }), 'LABEL_SIG_MISMATCH');
    assert.equal(faultOf(text, { id: undefined }), 'LABEL_SIG_MISMATCH');
    assert.equal(faultOf(text, { contentType: undefined }), 'LABEL_SIG_MISMATCH');
  });

  test(`${name}: whatever is changed in a binding breaks it`, () => {
    const text = signBinding(MESSAGE, signer, NOW_S);
    for (let at = 0; at < text.length; at += 1) {
      for (const by of ['A', 'b', '.', '=', '-']) {
        const changed = text.slice(0, at) + by + text.slice(at + 1);
        if (changed !== text) assert.notEqual(faultOf(changed), undefined, `${at} ${by}`);
      }
    }
    for (const wrong of ['', '.', '..', `${text}.`, `${text}=`, text.slice(0, -1), `${text}A`, 'x'.repeat(5000)]) {
      assert.equal(faultOf(wrong), 'LABEL_SIG_INVALID', wrong.slice(0, 20));
    }
  });
}

test('the algorithm is that of the key: a message cannot choose none, nor the public key as a secret', () => {
  const [, claims, signature] = parts(signBinding(MESSAGE, ED, NOW_S));
  const typ = 'seclabel+jws';
  assert.equal(faultOf(`${b64({ alg: 'none', kid: 'src-1', typ })}.${claims}.`), 'LABEL_SIG_INVALID');
  assert.equal(faultOf(`${b64({ alg: 'HS256', kid: 'src-1', typ })}.${claims}.${signature}`), 'LABEL_SIG_INVALID');
  // The classic confusion: signed by HMAC with the text of the public key.
  const text = createSecretKey(Buffer.from(pem(publicKey, 'spki')));
  const confused: Signer = { ...HS, kid: 'src-1', key: { algorithm: 'HS256', key: text } };
  assert.equal(faultOf(signBinding(MESSAGE, confused, NOW_S)), 'LABEL_SIG_INVALID');
  const [head] = parts(signBinding(MESSAGE, ED, NOW_S));
  assert.equal(JSON.parse(Buffer.from(head, 'base64url').toString()).alg, 'EdDSA');
  for (const more of [{ jwk: {} }, { crit: ['b64'] }, { jku: 'http://x' }]) {
    assert.equal(
      faultOf(`${b64({ alg: 'EdDSA', kid: 'src-1', typ, ...more })}.${claims}.${signature}`),
      'LABEL_SIG_INVALID',
    );
  }
});

test('a key that the source does not have is believed nothing', () => {
  const forged: Signer = { ...ED, key: bindingKey('EdDSA', pem(other.privateKey, 'pkcs8'), 'sign') };
  assert.equal(faultOf(signBinding(MESSAGE, forged, NOW_S)), 'LABEL_SIG_INVALID');
  assert.equal(faultOf(signBinding(MESSAGE, { ...forged, kid: 'src-2' }, NOW_S)), 'LABEL_SIG_KEY_UNKNOWN');
});

test('a binding holds until it expires, with five minutes for clocks that differ', () => {
  const text = signBinding(MESSAGE, ED, NOW_S);
  assert.equal(faultOf(text, {}, NOW_S + 60 + 300), undefined);
  assert.equal(faultOf(text, {}, NOW_S + 60 + 301), 'LABEL_SIG_EXPIRED');
  assert.equal(faultOf(text, {}, NOW_S - 300), undefined);
  assert.equal(faultOf(text, {}, NOW_S - 301), 'LABEL_SIG_EXPIRED');
  const forGood = signBinding(MESSAGE, { ...ED, expiresAfterS: undefined }, NOW_S);
  assert.equal(faultOf(forGood, {}, NOW_S + 1e9), undefined);
});

test('a key of another kind is refused by name, and nothing of it is told', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  for (const [text, use, expected] of [
    ['nonsense-key', 'verify', /public Ed25519 key, found another text/],
    [pem(rsa.publicKey, 'spki'), 'verify', /Ed25519 key, found one of type rsa/],
    [pem(publicKey, 'spki'), 'sign', /private Ed25519 key/],
  ] as const) {
    assert.throws(() => bindingKey('EdDSA', text, use), expected);
  }
  assert.throws(() => bindingKey('EdDSA', pem(privateKey, 'pkcs8'), 'verify'), /public Ed25519 key/);
  assert.throws(() => bindingKey('HS256', pem(publicKey, 'spki'), 'verify'), /a secret, found the PEM of a key/);
  assert.throws(() => bindingKey('HS256', 'short', 'sign'), /at least 32 bytes, found 5/);
});

test('from bridge to bridge labels are bound to their messages: what was exchanged on the way is blocked', async () => {
  await using run = await startMemoryRun({
    file: { labels: 'ops' },
    files: { 'schemas/ops.policy.json': DEMO_FILE, 'src-1.pem': pem(publicKey, 'spki'), secret: SECRET },
    hub: { ceiling: 'S;REL=GBR,USA' },
    from: { binding: { keys: { 'src-1': { alg: 'EdDSA', key: 'file:src-1.pem' } } } },
    to: { sign: { kid: 'shared', alg: 'HS256', key: 'file:secret', expires: '1h' } },
  });
  const label = '1;p=urn:demo:ops;c=S;REL=FVEY';
  const body = Buffer.from('{"n":1}');
  const nowS = Math.floor(Date.now() / 1000);
  // The hub removes a message whose id it has.
  const given = (id: string, headers: Readonly<Record<string, string>> = {}, signedId = id): Partial<Frame> => {
    const bound = { label, body, contentType: 'application/json', id: signedId };
    const seclabelsig = signBinding(bound, { ...ED, expiresAfterS: undefined }, nowS);
    const all = Object.entries({ seclabel: label, seclabelsig, ...headers });
    return { contentType: 'application/json', id, headers: new Map(all.map(([name, text]) => [name, [text]])) };
  };
  await run.publish('a', body, given('m1'));
  await run.publish('a', '{"n":2}', given('m2'));
  await run.publish('a', body, given('m3', {}, 'm1'));
  await run.publish('a', body, given('m4', { seclabel: '1;p=urn:demo:ops;c=U' }));
  await run.publish('a', body, { headers: new Map([['seclabel', [label]]]) });
  const { blocked, delivered } = await run.rest(5);
  assert.deepEqual({ blocked, delivered }, { blocked: 4, delivered: 1 });
  assert.deepEqual(
    run.letters().map(({ code }) => code),
    ['LABEL_SIG_MISMATCH', 'LABEL_SIG_MISMATCH', 'LABEL_SIG_MISMATCH', 'LABEL_SIG_MISSING'],
  );
  const [sent] = await run.take(1);
  assert.ok(sent);
  const [binding = ''] = sent.headers.get('seclabelsig') ?? [];
  const [canonical = ''] = sent.headers.get('seclabel') ?? [];
  assert.equal(bindingFault(binding, { ...sent, label: canonical }, KEYS, nowS), undefined);
  assert.equal(JSON.parse(Buffer.from(parts(binding)[1], 'base64url').toString()).s, 'p/r');
});
