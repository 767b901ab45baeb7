import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { subscribe } from '../../support/live.ts';
import { createOwner, ownerQuery, runMutation } from '../../support/people.ts';
import { createTestDatabase } from '../../support/postgres.ts';
import { startProgram } from '../../support/program.ts';
import type { Answer } from '../../support/server.ts';
import { until } from '../../support/until.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
});

/** Writes a heap snapshot of a process that was started for it, after a garbage collection. */
async function heapOf(pid: number, directory: string): Promise<string> {
  const known = new Set(await readdir(directory));
  process.kill(pid, 'SIGUSR2');
  let text = '';
  await until(async () => {
    const file = (await readdir(directory)).find((name) => !known.has(name));
    if (file === undefined) return false;
    text = await readFile(path.join(directory, file), 'latin1');
    return text.trimEnd().endsWith('}');
  }, 60_000);
  return text;
}

test('the memory of a server has no text of a forgotten person', async () => {
  const testDatabase = await createTestDatabase();
  undo.push(testDatabase.dispose);
  const directory = await mkdtemp(path.join(tmpdir(), 'daybook-heap-'));
  undo.push(() => rm(directory, { recursive: true }));
  const program = await startProgram({
    DATABASE_URL: testDatabase.url,
    NODE_OPTIONS: `--heapsnapshot-signal=SIGUSR2 --diagnostic-dir=${directory}`,
  });
  undo.push(() => program.end('SIGTERM'));
  const { url } = program;
  const send = async (query: string, variables: object = {}): Promise<Answer<never>> => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as Answer<never>;
  };
  const server = { send } as never;
  const owner = await createOwner(server);
  const { personId, accountId, secrets } = owner;
  const [, name, , note] = secrets as [string, string, string, string];
  // Literals of documents are in caches, too; and identical subscriptions share their frames.
  const literal = `accountId: "${accountId}", amount: "1.00", reference: "${note}"`;
  await send(`mutation { depositCash(input: { ${literal} }) { __typename } }`);
  const live = `subscription { live { account(id: "${accountId}") { holder { name }
    history(first: 50) { nodes { data } } } } }`;
  const events = 'subscription { events(after: "0") { event { data } } }';
  const opened = [live, live, events, events].map((query) => subscribe<object>(url, query));
  undo.push(() => Promise.all(opened.map((one) => one.cut())));
  for (const one of opened) {
    await one.until((frames) => JSON.stringify(frames).includes(note));
  }
  const variables = { person: personId, account: accountId };
  const sequence = (await send('{ log { sequence } }')) as never as Answer<{
    readonly log: { readonly sequence: string };
  }>;
  const asOf = sequence.data.log.sequence;
  expect(JSON.stringify(await send(ownerQuery, { ...variables, asOf }))).toContain(name);
  const { pid } = program.process;
  if (pid === undefined) throw new Error('the program has no process');
  const before = await heapOf(pid, directory);
  expect(secrets.filter((secret) => before.includes(secret))).toContain(note);

  await runMutation(server, 'erasePerson', { personId });
  const answer = JSON.stringify(await send(ownerQuery, { ...variables, asOf }));
  expect(secrets.filter((secret) => answer.includes(secret))).toEqual([]);
  // Other requests overwrite what the runtime remembers of the last ones.
  for (let index = 0; index < 50; index += 1) await send('{ log { sequence } }');
  const after = await heapOf(pid, directory);
  expect(secrets.filter((secret) => after.includes(secret))).toEqual([]);
}, 180_000);
