import assert from 'node:assert/strict';
import { type ClassAdvice, classOfNeed } from '../../runtime/advise/class-of-need.ts';
import { type EndsAdvice, endsOf } from '../../runtime/advise/ends.ts';
import type { Need } from '../../runtime/advise/needs.ts';
import { readNeeds } from '../../runtime/advise/read-needs.ts';
import { catalog } from '../../runtime/host/catalog.ts';
import { findingsText } from '../../runtime/project/check/findings-text.ts';
import type { Case } from './cases/case.ts';
import { CASES } from './cases.ts';

/** All cases are read as one needs file: a schema is compiled once. */
const needs: readonly Need[] = readAll();

function readAll(): readonly Need[] {
  const items = CASES.map(({ need }, index) => `  - ${need.replace('{', `{ name: case-${index},`)}\n`);
  const read = readNeeds(`name: cases\nneeds:\n${items.join('')}`, 'cases.yaml', catalog);
  assert.ok(read.needs, findingsText(read.findings));
  return read.needs.needs;
}

/** The buses and the class that are advised for a case. */
export function adviceFor(one: Case): { readonly ends: EndsAdvice; readonly class: ClassAdvice } {
  const need = needs[CASES.indexOf(one)];
  assert.ok(need);
  const ends = endsOf(need, one.have ?? []);
  return { ends, class: classOfNeed(need, ends.producers.bus) };
}
