import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildSchema } from '../src/api/schema.ts';
import { readConfig, readDemoConfig } from '../src/config.ts';
import { modules } from '../src/contexts/all.ts';
import { readTrustedDocuments } from '../src/trusted-documents-file.ts';
import { runProgram } from './support/program.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'daybook-documents-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const schema = buildSchema(modules);

test('trusted documents are read from the file of the setting', async () => {
  const file = path.join(directory, 'documents.json');
  const environment = { DAYBOOK_TRUSTED_DOCUMENTS: file };
  expect(await readTrustedDocuments(readConfig({}), schema)).toBeNull();
  expect(await readTrustedDocuments(readDemoConfig(environment), schema)).toBeNull();
  await writeFile(file, JSON.stringify({ log: '{ log { sequence } }' }));
  const documents = await readTrustedDocuments(readConfig(environment), schema);
  expect(documents?.find('log')).toBe('{ log { sequence } }');
});

test('a fault of the file ends the program with one line', async () => {
  const file = path.join(directory, 'wrong.json');
  await writeFile(file, JSON.stringify({ log: '{ log { sequence }\n nothing }' }));
  const environment = { DAYBOOK_TRUSTED_DOCUMENTS: file, DAYBOOK_DATA_DIR: directory };
  const { code, output } = await runProgram(['serve'], environment);
  expect(code).toBe(1);
  expect(output.trim()).toBe(
    `daybook: DAYBOOK_TRUSTED_DOCUMENTS ${file}: the document "log" is not valid: ` +
      'Cannot query field "nothing" on type "Query".',
  );
  const absent = readConfig({ DAYBOOK_TRUSTED_DOCUMENTS: path.join(directory, 'absent.json') });
  await expect(readTrustedDocuments(absent, schema)).rejects.toThrow(
    /^DAYBOOK_TRUSTED_DOCUMENTS \S+absent\.json: it cannot be read: ENOENT/,
  );
});
