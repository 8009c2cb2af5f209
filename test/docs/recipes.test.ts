import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { advise } from '../../runtime/advise/advise.ts';
import { readNeeds } from '../../runtime/advise/read-needs.ts';
import { loadPipeline } from '../../runtime/cli/load-parts.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { findingsText } from '../../runtime/project/check/findings-text.ts';
import { newProject } from '../harness/project.ts';
import { REPOSITORY } from '../harness/sluice-process.ts';
import { blocksOf } from './blocks.ts';
import { recipeFiles } from './recipes.ts';

const PAGES = readdirSync(join(REPOSITORY, 'docs/recipes')).filter((page) => page !== 'README.md');

for (const page of PAGES)
  test(`the pipelines of docs/recipes/${page} pass the check, with their functions and schemas`, async () => {
    const files = recipeFiles(page);
    const pipelines = Object.keys(files).filter((path) => path.startsWith('pipelines/'));
    assert.ok(pipelines.length > 0);
    using project = newProject(files);
    for (const pipeline of pipelines) {
      const { findings, parts } = await loadPipeline(project.path(pipeline), 'run');
      const wrong = findings.filter(({ severity }) => severity === 'error');
      assert.deepEqual(wrong, [], findingsText(wrong));
      assert.ok(parts, pipeline);
    }
  });

test('docs/recipes/README.md links every recipe', () => {
  const index = readFileSync(join(REPOSITORY, 'docs/recipes/README.md'), 'utf8');
  for (const page of PAGES) assert.ok(index.includes(`](${page})`), page);
});

test('the JSON in recipes is JSON', () => {
  for (const page of PAGES)
    for (const { language, text } of blocksOf(`docs/recipes/${page}`)) if (language === 'json') JSON.parse(text);
});

test('the pipeline of the satellite recipe has the classes and settings that advise gives to its needs', () => {
  const files = recipeFiles('satellite.md');
  const { needs } = readNeeds(files['needs.yaml'] ?? '', 'needs.yaml', catalog);
  assert.ok(needs);
  const written = files['pipelines/ship.yaml'] ?? '';
  for (const { need, class: trafficClass, settings } of advise(needs, catalog).needs) {
    assert.ok(written.includes(`name: ${need.name}\n    class: ${trafficClass.name}\n`), need.name);
    for (const { at, word, value } of settings)
      if (at !== 'server') assert.ok(written.includes(`${word}: ${value}`), `${need.name}: ${word}: ${value}`);
  }
});

/** Loads the one function of a recipe from its project. */
async function functionOf(page: string, path: string): Promise<(body: object, context: object) => unknown> {
  using project = newProject(recipeFiles(page));
  const pipeline = Object.keys(recipeFiles(page)).findLast((file) => file.startsWith('pipelines/')) ?? '';
  const { parts } = await loadPipeline(project.path(pipeline), 'run');
  const found = parts?.functions.get(path);
  assert.ok(found, path);
  return (body, context) => Reflect.apply(found.transform, undefined, [body, context]);
}

test('the functions of the migrations do what their other side does', async () => {
  const toReading = await functionOf('from-redpanda-connect.md', 'to-reading');
  assert.deepEqual(toReading({ sensor: 'a', quality: 0.9, fahrenheit: 212 }, { address: 'plant/north/readings' }), {
    sensor: 'a',
    celsius: 100,
    plant: 'north',
    hot: true,
  });
  const toTrack = await functionOf('from-node-red.md', 'to-track');
  assert.deepEqual(toTrack({ lat: 0, lon: 9.5, vel: 36 }, {}), {
    position: { latitude: 0, longitude: 9.5 },
    speed: 10,
  });
});
