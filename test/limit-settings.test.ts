import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from './support/postgres.ts';
import { type Program, startProgram } from './support/program.ts';

let database: TestDatabase;
let program: Program;
beforeAll(async () => {
  database = await createTestDatabase();
  program = await startProgram({
    DATABASE_URL: database.url,
    DAYBOOK_COMMANDS_WAITING_MAX: '1',
    DAYBOOK_DOCUMENT_DEPTH_MAX: '3',
    DAYBOOK_COMMANDS_PER_SECOND: '100',
    DAYBOOK_BURST_SECONDS: '1',
  });
});
afterAll(async () => {
  await program.end('SIGTERM');
  await database.dispose();
});

async function codeOf(query: string): Promise<string> {
  const response = await fetch(`${program.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { errors } = (await response.json()) as { errors?: { extensions: { code: string } }[] };
  return errors?.[0]?.extensions.code ?? 'OK';
}

test('the program has the limits of its settings', async () => {
  expect(await codeOf('{ events { nodes { id } } }')).toBe('OK');
  expect(await codeOf('{ events { nodes { __typename ... on Event { id } } } }')).toBe('OK');
  expect(await codeOf('{ accounts { nodes { history { nodes { id } } } } }')).toBe(
    'QUERY_TOO_DEEP',
  );
  const open = 'mutation { openAccount(input: { owner: "Ada", currency: "EUR" }) { __typename } }';
  const codes = await Promise.all(Array.from({ length: 300 }, () => codeOf(open)));
  expect(new Set(codes)).toEqual(new Set(['OK', 'OVERLOADED', 'RATE_LIMITED']));
});
