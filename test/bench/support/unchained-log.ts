import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { migrate } from '../../../src/postgres/migrate.ts';

const file = new URL('../../../migrations/functions/append_commands.sql', import.meta.url);

/** The parts of `append_commands` that make the chain, and what an append without one has. */
const parts: readonly (readonly [chained: RegExp, unchained: string])[] = [
  [/outcomes_hash bytea;/, ''],
  [/with inserted as \(\s*(insert into command_outcomes)/, '$1'],
  [/returning \*\s*\)\s*select hash into strict outcomes_hash from \([\s\S]*? limit 1;/, ';'],
  [/causation_id, data, hash\s*\)/, 'causation_id, data)'],
  [/(data::json end),\s*chain_hash\([\s\S]*?\)\) over \(order by sequence\)/, '$1'],
  [/, event ->> 11 is not null as is_plain/, ''],
  [/select hash into strict head\.hash from events where [^;]*;/, ''],
  [/size, records, hash\s*\)/, 'size, records)'],
  [/(length\(command_records\), command_records),\s*sha256\([\s\S]*?'UTF8'\)\)\s*\)/, '$1)'],
  [/returning hash into strict head\.commands_hash;/, ';'],
  [
    /clock = last_at,\s*hash = head\.hash, commands_hash = head\.commands_hash;/,
    'clock = last_at;',
  ],
];

/**
 * Makes a database whose log has no chain: the same tables without the columns of hashes, and the
 * same append without what computes them. Everything else is that of the present release.
 */
export async function createUnchainedLog(url: string): Promise<void> {
  await migrate(url);
  let text = await readFile(file, 'utf8');
  for (const [chained, unchained] of parts) {
    if (!chained.test(text)) throw new Error(`append_commands has no ${chained}`);
    text = text.replace(chained, unchained);
  }
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('alter table events drop column hash');
    await client.query('alter table command_batches drop column hash');
    await client.query(text);
  } finally {
    await client.end();
  }
}
