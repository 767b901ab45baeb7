import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, inject, test } from 'vitest';
import { actorTerm, idTerm, nameTerm } from '../../src/log/record-terms.ts';
import { migrate } from '../../src/postgres/migrate.ts';
import type { ChainPosition } from '../../src/proof/chain.ts';
import { verifyLog } from '../../src/proof/verify-log.ts';
import { createTestDatabase, runStatement, toDatabaseUrl } from '../support/postgres.ts';

/** Verifies a log from the first event on. */
async function verify(url: string, onPosition: (position: ChainPosition) => void = () => {}) {
  const { signal } = new AbortController();
  return verifyLog({ url, from: null, heads: [], isPart: false, signal, onPosition });
}

/** The first 17 migrations in a separate directory: what a database had before the chain. */
async function copyMigrationsBefore(): Promise<string> {
  const source = path.resolve('migrations');
  const directory = await mkdtemp(path.join(tmpdir(), 'daybook-migrations-'));
  await mkdir(path.join(directory, 'functions'));
  for (const name of await readdir(source)) {
    if (!/^00(?:0\d|1[0-7])_/.test(name)) continue;
    await copyFile(path.join(source, name), path.join(directory, name));
  }
  return directory;
}

const odd = String.raw`E'a\\b\tc\nd\re\x0bf\bg\fh\x01i é 😀'`;

const commandId = '0190a1b2-0000-7000-8000-00000000000a';
const terms = [idTerm(commandId), nameTerm('note'), actorTerm('ann')];

/** Rows as the previous release wrote them: data and rejections as jsonb. */
const content = `
  insert into events (sequence, stream_id, version, id, type, schema_version, recorded_at,
    occurred_at, actor, command_id, correlation_id, causation_id, data)
  select n, case when n % 2 = 0 then 'note-b' else 'note-' || ${odd} end, (n + 1) / 2,
    gen_random_uuid(), 'Noted', 1, '2026-01-01T00:00:00Z'::timestamptz + n * interval '1 ms',
    '2026-01-01', case when n = 3 then ${odd} else 'ann' end, gen_random_uuid(), ${odd},
    case when n > 2 then ${odd} end,
    jsonb_build_object('b', n, 'a', ${odd}, 'ü', '\\u00e9'::text, 'n', 1.50)
  from generate_series(1, 7) as n;
  update log_head set sequence = 7, clock = (select max(recorded_at) from events);
  insert into append_batches (id, first_sequence, event_count, recorded_at)
  select gen_random_uuid(), sequence, 1, recorded_at from events where sequence in (3, 4, 5, 6);
  insert into command_batches (recorded_at, first_sequence, batch_id, event_count, size, records)
  select recorded_at, first_sequence, id, 1, 72,
    '{"texts":["note","ann"],"records":[["${commandId}",0,1,1,1,1,null,null,null,null,[],{}]]}'
  from append_batches where first_sequence = 5;
  insert into command_terms (term, recorded_at)
  select term, recorded_at from unnest('{${terms.join(',')}}'::integer[]) as wanted (term),
    command_batches;
  insert into command_outcomes (actor, idempotency_key, fingerprint, command_id, sequence,
    event_count, rejection)
  values ('ann', 'k1', 'print', gen_random_uuid(), 3, 1, null),
    (${odd}, ${odd}, 'print', gen_random_uuid(), 5, 0, jsonb_build_object('b', ${odd}, 'a', 1));`;

const isGood = { fault: null, position: { sequence: 7 } };

test('a log that was recorded before there was a chain is verified from its first event', async () => {
  const { url: server } = inject('postgres');
  const name = `daybook_older_${process.pid}_${randomBytes(4).toString('hex')}`;
  const directory = await copyMigrationsBefore();
  await runStatement(server, `create database ${name}`);
  try {
    const url = toDatabaseUrl(server, name);
    await migrate(url, directory);
    await runStatement(url, content);
    await migrate(url);
    expect(await verify(url)).toMatchObject(isGood);
    const edit = "set session_replication_role = replica; update events set actor = 'x'";
    await runStatement(url, `${edit} where sequence = 2`);
    expect(await verify(url)).toMatchObject({ fault: { sequence: 2 } });
  } finally {
    await runStatement(server, `drop database ${name} with (force)`);
    await rm(directory, { recursive: true });
  }
});

test('batches that the previous releases append are verified', async () => {
  const { url, dispose, database } = await createTestDatabase();
  const event = (version: number, data: string, more = '') =>
    `jsonb_build_array('note-' || ${odd}, ${version}, gen_random_uuid(), 'Noted', 1, null, ${odd},
      gen_random_uuid(), ${odd}, ${odd}, ${data}${more})`;
  const outcome = (key: string) =>
    `jsonb_build_array(${odd}, ${key}, 'print', gen_random_uuid(), 1, 1, '{"b":1,"a":"\\\\"}'::jsonb)`;
  const object = `jsonb_build_object('b', ${odd}, 'a', 1.50)`;
  const expected = (version: number) =>
    `jsonb_build_array(jsonb_build_array('note-' || ${odd}, ${version}))`;
  const call = (name: string, ...args: readonly string[]) =>
    runStatement(url, `select ${name}(${args.join(', ')})`);
  const id = 'gen_random_uuid()';
  const list = (item: string) => `jsonb_build_array(${item})`;
  await call('append_events', id, expected(0), list(event(1, object)), list(outcome("'k1'")));
  await call(
    'append_events',
    ...['null', id, expected(1), 'null', list(event(2, object)), list(outcome("'k2'"))],
  );
  const text = `'{"z":1, "text": "\\u00e9 é \\\\ \\"q\\""}'::text`;
  await call(
    'append_commands',
    ...['null', id, expected(2), 'null', list(event(3, text, ', null')), list(outcome("'k3'"))],
    ...['null', 'null'],
  );
  await call('append_events', id, "'[]'", "'[]'", list(outcome("'k4'")));
  const sequences: number[] = [];
  const check = await verify(url, ({ sequence }) => sequences.push(sequence));
  expect(check).toMatchObject({ fault: null, position: { sequence: 3 } });
  expect(sequences).toEqual([1, 2, 3, 3]);
  await database.stop();
  await dispose();
});
