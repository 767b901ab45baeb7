import { expect, test } from 'vitest';
import { commandFieldsOf } from '../../src/api/command-documents.ts';
import { buildSchema } from '../../src/api/schema.ts';
import { modules } from '../../src/contexts/all.ts';

test('a mapping can set neither the key nor the version of a command, nor try it out', () => {
  const fields = commandFieldsOf(buildSchema(modules)).get('depositCash');
  expect([...(fields?.required ?? [])]).toEqual(['accountId', 'amount']);
  for (const name of ['idempotencyKey', 'expectedVersion', 'dryRun']) {
    expect(fields?.all).not.toContain(name);
  }
});
