import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { build } from '../../../runtime/cli/build.ts';
import { UsageError } from '../../../runtime/cli/command.ts';
import { deployWish } from '../../../runtime/cli/deploy-options.ts';
import { isKubernetesName } from '../../../runtime/cli/deploy/pod.ts';
import { parseArguments } from '../../../runtime/cli/parse-arguments.ts';
import { newProject } from '../../harness/project.ts';

test('an option that no target reads is refused', () => {
  for (const [values, text] of [
    [{ image: 'x' }, /--container or --k8s beside --image/],
    [{ image: 'x', systemd: true }, /--container or --k8s beside --image/],
    [{ 'shutdown-timeout': '5s' }, /beside --shutdown-timeout/],
    [{ image: 'Not An Image', k8s: true }, /--image with the name of an image/],
    [{ 'shutdown-timeout': 'soon', k8s: true }, /--shutdown-timeout/],
  ] as const) {
    assert.throws(
      () => deployWish(values),
      (thrown) => thrown instanceof UsageError && text.test(thrown.message),
    );
  }
  assert.deepEqual(deployWish({ k8s: true, image: 'registry.example/a:1', 'shutdown-timeout': '1500ms' }), {
    container: false,
    kubernetes: true,
    systemd: false,
    image: 'registry.example/a:1',
    shutdownSeconds: 2,
  });
});

test('a name to which Kubernetes can add nothing is none for it', () => {
  assert.ok(isKubernetesName('a') && isKubernetesName('orders-2') && isKubernetesName('a'.repeat(52)));
  assert.ok(!isKubernetesName('orders-') && !isKubernetesName('a'.repeat(53)));
});

test('a pipeline whose name is none for Kubernetes is refused before anything is written', async () => {
  const memory = { hub: { bus: 'memory', hub: 'h' } };
  const route = { name: 'r', from: { bus: 'hub', addresses: ['a'] }, to: { bus: 'hub', address: 'b' } };
  const pipeline = { name: 'a'.repeat(53), buses: memory, routes: [route] };
  using project = newProject({ 'pipelines/p.yaml': pipeline });
  const given = parseArguments(build, [project.path('pipelines/p.yaml'), '--k8s', '--out', project.path('out')]);
  await assert.rejects(build.run(given), /at most 52 characters .* beside --k8s, found a{53}$/);
  assert.equal(existsSync(project.path('out')), false);
});
