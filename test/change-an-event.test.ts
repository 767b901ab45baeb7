import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { toEventVersions } from '../event-versions.ts';
import type { EventDefinition } from '../src/kernel/event-definition.ts';
import { integer } from '../src/kernel/field.ts';
import { definitions, eventFiles } from './support/event-examples.ts';

const root = path.resolve(import.meta.dirname, '..');
const read = (name: string): string => readFileSync(path.join(root, name), 'utf8');
const page = read('docs/change-an-event.md');

/** The code on the page, each with the file that is named above it. */
function shownCode(): readonly { readonly file: string; readonly code: string }[] {
  const shown: { file: string; code: string }[] = [];
  let file = '';
  for (const [, name, , code] of page.matchAll(
    /^ *`([\w./-]+\.\w+)`$|^( *)```(?:ts|json)\n([\s\S]*?)^\2```$/gm,
  )) {
    if (name !== undefined) file = name;
    else shown.push({ file, code: code ?? '' });
  }
  return shown;
}

const words = (text: string): string => text.replace(/\s+/g, ' ').trim();

test('the code on the page about changing an event is the code of the program', () => {
  const shown = shownCode();
  expect(shown.length).toBeGreaterThan(5);
  for (const { file, code } of shown) expect(words(read(file))).toContain(words(code));
});

test('the page shows what npm run schema says about a changed field', () => {
  const type = 'SharesDeposited';
  const deposited = definitions.get(type) as EventDefinition;
  const fields = { ...deposited.fields, cost: integer('The cost.') };
  const changed = new Map([...definitions, [type, { ...deposited, fields }]]);
  const { faults } = toEventVersions(changed, eventFiles());
  expect(faults).toHaveLength(1);
  expect(page).toContain(faults[0]);
});
