import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import type { PendingRecord } from '../../src/kernel/command-record.ts';
import { newUuid } from '../../src/lib/uuid.ts';
import { createLog } from '../../src/log/log.ts';
import type { Executor } from '../../src/postgres/database.ts';
import { readHead } from '../../src/proof/head-row.ts';
import { type SigningKey, signHead, toSigningKey } from '../../src/proof/signed-head.ts';
import { batchOf, outcomeOf, pending } from './batches.ts';
import { createTestDatabase, runStatement, toDatabaseUrl } from './postgres.ts';

/** A log of 12 events in 6 batches, with everything that the chain has to prove. */
export interface ProofLog {
  /** Runs the work on the log as a superuser has edited it. */
  edited<T>(edit: string, work: (url: string) => Promise<T>): Promise<T>;
  /** The heads that were signed after the events 4, 8 and 12, one line each. */
  readonly heads: readonly string[];
  dispose(): Promise<void>;
}

const accountId = '0190a1b2-0000-7000-8000-00000000000a';
/** Texts in which COPY escapes characters. */
const odd = 'a\\b\tc\nd\re\vf\bg\fh\u0001i\\N é \u{1f600}';

/** Records the log; `sign` signs its heads. */
export async function createProofLog(key: SigningKey): Promise<ProofLog> {
  const { url, database } = await createTestDatabase();
  const heads: string[] = [];
  const sign = async () => heads.push(await signNow(database, key));
  const log = createLog(database, new Map());
  const [first, second] = [newUuid(), newUuid()];
  const account = (version: number) => pending(`account-${accountId}`, version);
  await log.append(
    batchOf([account(1), pending('note-b', 1), account(2)], {
      records: [record(first, 2), record(second, 1)],
      outcomes: [
        outcomeOf('k1', { commandId: first, eventCount: 2, offset: 2 }),
        outcomeOf('k2', { commandId: second, eventCount: 1, offset: 3 }),
      ],
    }),
  );
  await log.append(batchOf([account(3)], { records: [record(newUuid(), 1)] }));
  await sign();
  const rejected = record(newUuid(), 0, { outcome: 'REJECTED', code: 'NO', message: 'no' });
  await log.append(
    batchOf([], {
      records: [rejected],
      outcomes: [outcomeOf(odd, { rejection: { code: 'NO', message: odd, data: {} } })],
    }),
  );
  await log.append(batchOf([5, 6, 7, 8].map((version) => pending('note-c', version - 4))));
  await sign();
  const given = { actor: odd, correlationId: odd, causationId: odd, data: { text: odd, ü: '€' } };
  await log.append(
    batchOf([pending(`note-${odd}`, 1, given), account(4)], {
      records: [record(newUuid(), 2, { actor: odd, correlationId: odd, idempotencyKey: odd })],
      outcomes: [outcomeOf(odd, { actor: odd, eventCount: 2, offset: 2 })],
    }),
  );
  await log.append(batchOf([pending('note-c', 5), pending('note-c', 6)]));
  await sign();
  await database.stop();
  const server = inject('postgres').url;
  const name = new URL(url).pathname.slice(1);
  await runStatement(
    url,
    tables.map((table) => `create table saved_${table} as table ${table};`).join(' '),
  );
  return {
    heads,
    async edited(edit, work) {
      // A copy of the whole database takes longer than putting back its rows.
      const isForm = edit.includes('alter table');
      const copied = `${name}_${randomBytes(5).toString('hex')}`;
      if (isForm) await runStatement(server, `create database ${copied} template ${name}`);
      const target = isForm ? toDatabaseUrl(url, copied) : url;
      await runStatement(target, `${asSuperuser} ${edit}`);
      const result = await work(target);
      if (isForm) await runStatement(server, `drop database ${copied}`);
      else await runStatement(url, `${asSuperuser} ${restore}`);
      return result;
    },
    dispose: () => runStatement(server, `drop database ${name}`),
  };
}

const tables = ['events', 'command_batches', 'command_outcomes', 'command_terms', 'log_head'];
const asSuperuser = "set session_replication_role = replica; set timezone = 'UTC';";
const restore = tables
  .map((table) => `delete from ${table}; insert into ${table} select * from saved_${table};`)
  .join(' ');

export function newSigningKey(): SigningKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  return toSigningKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
}

/** Signs the head of a log as it is now. */
export async function signNow(executor: Executor, key: SigningKey): Promise<string> {
  const { has: _has, batchAt, ...head } = await readHead(executor, null);
  return signHead({ ...head, batchAt: batchAt ?? '' }, key, '2026-11-28T12:00:00.000000Z');
}

function record(id: string, eventCount: number, given: Partial<PendingRecord> = {}): PendingRecord {
  return {
    id,
    name: 'note',
    actor: 'ann',
    roles: ['OPERATOR'],
    transport: 'http',
    outcome: 'ACCEPTED',
    code: null,
    message: null,
    eventCount,
    idempotencyKey: null,
    correlationId: id,
    causationId: null,
    input: JSON.stringify({ accountId, note: odd }),
    accountIds: [accountId],
    otherAccountIds: [],
    ...given,
  };
}

/** What a superuser can do to build the whole chain again. */
export const rebuildChain = `
  update events set hash = again.hash from (
    select sequence, chain_hash(
      (select sha256(convert_to(ledger::text, 'UTF8')) from log_head),
      concat_ws(E'\\t', sequence, copy_text(stream_id), version, id, copy_text(type),
        schema_version, recorded_at, occurred_at, copy_text(actor), command_id,
        copy_text(correlation_id), coalesce(copy_text(causation_id), '\\N'), copy_text(data::text))
    ) over (order by sequence) as hash from events
  ) as again where again.sequence = events.sequence;
  update command_batches set hash = again.hash from (
    select recorded_at, chain_hash(
      (select sha256(convert_to(ledger::text, 'UTF8')) from log_head),
      concat_ws(E'\\t', recorded_at, first_sequence, event_count, batch_id, size,
        copy_text(records), encode(coalesce(
          (select hash from events where sequence = first_sequence + event_count - 1),
          (select sha256(convert_to(ledger::text, 'UTF8')) from log_head)
        ), 'hex'), coalesce(encode((
          select hash from (
            select sequence, command_id, chain_hash('', concat_ws(E'\\t', copy_text(actor),
              copy_text(idempotency_key), copy_text(fingerprint), command_id, sequence,
              event_count, coalesce(copy_text(rejection::text), '\\N')
            )) over (order by sequence, command_id) as hash
            from command_outcomes where recorded_at = command_batches.recorded_at
          ) as chained order by sequence desc, command_id desc limit 1
        ), 'hex'), ''))
    ) over (order by recorded_at) as hash from command_batches
  ) as again where again.recorded_at = command_batches.recorded_at;
  update log_head set
    hash = (select hash from events order by sequence desc limit 1),
    commands_hash = (select hash from command_batches order by recorded_at desc limit 1);`;
