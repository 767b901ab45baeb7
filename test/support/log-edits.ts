import { rebuildChain } from './proof-log.ts';

const event = (sequence: number, change: string) =>
  `update events set ${change} where sequence = ${sequence};`;
const ownHash = (sequence: number) =>
  event(
    sequence,
    `hash = sha256((select hash from events as before where before.sequence = ${sequence - 1}) ||
      convert_to(concat_ws(E'\\t', sequence, copy_text(stream_id), version, id, copy_text(type),
        schema_version, recorded_at, occurred_at, copy_text(actor), command_id,
        copy_text(correlation_id), coalesce(copy_text(causation_id), '\\N'), copy_text(data::text)
      ), 'UTF8'))`,
  );
const batch = (number: number, change: string) =>
  `update command_batches set ${change} where recorded_at = (
    select recorded_at from command_batches order by recorded_at offset ${number - 1} limit 1);`;
const tail = `delete from command_terms where recorded_at = (select max(recorded_at) from
  command_batches); delete from command_batches where recorded_at = (select max(recorded_at) from
  command_batches); delete from events where sequence > 10;`;
const headAt10 = `update log_head set sequence = 10,
  hash = (select hash from events where sequence = 10),
  commands_hash = (select hash from command_batches order by recorded_at desc limit 1);`;
const inserted = `insert into events select sequence, 'note-new', 1, gen_random_uuid(), type,
  schema_version, recorded_at, occurred_at, actor, command_id, correlation_id, causation_id, data,
  hash from events`;
const dropKeys = `alter table events drop constraint events_pkey;
  alter table events_1 drop constraint events_1_id_key;
  alter table events_1 drop constraint events_1_stream_id_version_key;`;

const changed = 'the event is not the one that was recorded';
const otherBatch = 'the batch of commands is not the one that was recorded';

/** An edit by a superuser, the first wrong sequence, and what is said about it. */
type LogEdit = readonly [edit: string, sequence: number, reason: string];

/** What is found without signed heads. */
export const edits: Readonly<Record<string, LogEdit>> = {
  'data is changed': [event(6, `data = '{"a":1}'`), 6, changed],
  'a space is added to data': [event(9, `data = (data::text || ' ')::json`), 9, changed],
  'an actor is changed': [event(2, `actor = 'eve'`), 2, changed],
  'a time moves by a microsecond': [
    event(3, `recorded_at = recorded_at + interval '1 microsecond'`),
    3,
    changed,
  ],
  'the time of occurrence is changed': [
    event(5, `occurred_at = occurred_at - interval '1 microsecond'`),
    5,
    changed,
  ],
  'a type is changed': [event(1, `type = 'Denied'`), 1, changed],
  'a schema version is changed': [event(1, 'schema_version = 2'), 1, changed],
  'a cause is removed': [event(9, 'causation_id = null'), 9, changed],
  'a stream is moved': [event(2, `stream_id = 'note-z'`), 2, changed],
  'an event in the middle is deleted': [
    'delete from events where sequence = 6;',
    6,
    'event 6 is missing',
  ],
  'several events in the middle are deleted': [
    'delete from events where sequence between 5 and 7;',
    5,
    'events 5 to 7 are missing',
  ],
  'the first event is deleted': ['delete from events where sequence = 1;', 1, 'event 1 is missing'],
  'the last event is deleted': ['delete from events where sequence = 12;', 12, 'cut from its tail'],
  'the last batch is deleted': [tail, 11, 'events 11 to 12 are missing'],
  'the last event is deleted, and the head is adjusted': [
    `delete from events where sequence = 12;
     update log_head set sequence = 11, hash = (select hash from events where sequence = 11);`,
    12,
    'cut from its tail',
  ],
  'an event is added': [
    `${inserted.replace('select sequence,', 'select 13,')} where sequence = 12;
     update log_head set sequence = 13;`,
    13,
    changed,
  ],
  'an event is inserted, and the later ones are moved up': [
    `update events set sequence = sequence + 100 where sequence > 6;
     ${inserted.replace('select sequence,', 'select 7,')} where sequence = 6;
     update events set sequence = sequence - 99 where sequence > 100;`,
    7,
    changed,
  ],
  'two events are swapped': [
    `update events set sequence = 100 where sequence = 6;
     update events set sequence = 6 where sequence = 7;
     update events set sequence = 7 where sequence = 100;`,
    6,
    changed,
  ],
  'an event is doubled': [
    `${dropKeys} insert into events select * from events where sequence = 5;`,
    5,
    'two events with this sequence',
  ],
  'a hash is changed': [event(7, `hash = sha256('x')`), 7, changed],
  'a hash is cut': [event(7, `hash = substr(hash, 2)`), 7, changed],
  'an event at the end of a batch is changed with its hash': [
    event(4, `data = '{"a":1}'`) + ownHash(4),
    4,
    otherBatch,
  ],
  'an event inside a batch is changed with its hash': [
    event(6, `data = '{"a":1}'`) + ownHash(6),
    7,
    changed,
  ],
  'the input of a record is changed': [
    batch(2, `records = replace(records, 'ann', 'eve')`),
    4,
    otherBatch,
  ],
  'the size of records is changed': [batch(2, 'size = size + 1'), 4, otherBatch],
  'a batch without events is deleted': [
    'delete from command_batches where event_count = 0;',
    5,
    'an outcome has no batch of commands',
  ],
  'a batch without events is deleted with its outcomes': [
    `delete from command_outcomes where recorded_at = (select recorded_at from command_batches
       where event_count = 0);
     delete from command_terms where recorded_at = (select recorded_at from command_batches
       where event_count = 0);
     delete from command_batches where event_count = 0;`,
    5,
    otherBatch,
  ],
  'a batch with events is deleted': [
    'delete from command_batches where first_sequence = 5 and event_count > 0;',
    5,
    'the batch of commands of this event is missing',
  ],
  'the time of a batch is changed': [
    batch(2, `recorded_at = recorded_at + interval '1 microsecond'`),
    4,
    'does not have the time of its first event',
  ],
  'the last batch is deleted without its events': [
    'delete from command_batches where first_sequence = 11;',
    11,
    'the batch of commands of this event is missing',
  ],
  'an outcome is changed': [
    `update command_outcomes set fingerprint = 'other' where idempotency_key = 'k2';`,
    1,
    otherBatch,
  ],
  'a rejection is changed': [
    `update command_outcomes set rejection = '{"code":"YES"}' where rejection is not null;`,
    5,
    otherBatch,
  ],
  'an outcome is deleted': [
    `delete from command_outcomes where idempotency_key = 'k1';`,
    1,
    otherBatch,
  ],
  'an outcome is added to a batch': [
    `insert into command_outcomes select actor, 'k3', fingerprint, gen_random_uuid(), sequence,
       event_count, rejection, recorded_at from command_outcomes where idempotency_key = 'k2';`,
    1,
    otherBatch,
  ],
  'an outcome is added after the last batch': [
    `insert into command_outcomes select actor, 'k3', fingerprint, gen_random_uuid(), sequence,
       event_count, rejection, recorded_at + interval '1 day' from command_outcomes
     where idempotency_key = 'k2';`,
    13,
    'an outcome has no batch of commands',
  ],
  'a term is deleted': [
    `delete from command_terms where recorded_at = (
       select recorded_at from command_batches where first_sequence = 4) and term = (
       select min(term) from command_terms where recorded_at = (
         select recorded_at from command_batches where first_sequence = 4));`,
    4,
    'command_terms lacks a term',
  ],
  'a term is added': [
    'insert into command_terms select 42, recorded_at from command_batches where first_sequence = 4;',
    4,
    'command_terms has a term',
  ],
  'the sequence of the head is lowered': [
    'update log_head set sequence = 11;',
    12,
    'log_head ends before this event',
  ],
  'the sequence of the head is raised': [
    'update log_head set sequence = 13;',
    13,
    'events 13 to 13 are missing',
  ],
  'the hash of the head is changed': [
    `update log_head set hash = sha256('x');`,
    12,
    'log_head does not have the hash of the last event',
  ],
  'the hash of commands of the head is changed': [
    `update log_head set commands_hash = sha256('x');`,
    12,
    'log_head does not have the hash of the last batch',
  ],
  'the ledger is changed': ['update log_head set ledger = gen_random_uuid();', 1, changed],
  'a partition is detached': ['alter table events detach partition events_1;', 1, 'missing'],
  'a version is skipped, and the chain is built again': [
    event(8, 'version = 9') + rebuildChain,
    8,
    'does not have the next version of its stream',
  ],
  'an id is doubled, and the chain is built again': [
    dropKeys + event(8, 'id = (select id from events where sequence = 3)') + rebuildChain,
    8,
    'the id of another event',
  ],
  'a time is moved back, and the chain is built again': [
    event(
      7,
      `(recorded_at, occurred_at) =
        (select recorded_at, recorded_at from events where sequence = 6)`,
    ) + rebuildChain,
    7,
    'not recorded after',
  ],
  'an event occurred after it was recorded, and the chain is built again': [
    `alter table events drop constraint events_occurred_at_check;
     ${event(7, `occurred_at = recorded_at + interval '1 microsecond'`)} ${rebuildChain}`,
    7,
    'occurred after it was recorded',
  ],
};

/** What only signed heads show. */
export const forgeries: Readonly<Record<string, LogEdit>> = {
  'an event was changed and the chain built again': [
    event(6, `data = '{"a":1}'`) + rebuildChain,
    5,
    'for sequence 8: the chain was built again over other events or commands, and the last head ' +
      'that it agrees with is that of sequence 4',
  ],
  'a record was changed and the chain built again': [
    batch(5, `records = replace(records, 'note', 'mote')`) +
      'delete from command_terms; ' +
      rebuildChain,
    1,
    'command_terms lacks a term',
  ],
  'an outcome was changed and the chain built again': [
    `update command_outcomes set fingerprint = 'x' where idempotency_key = 'k1';${rebuildChain}`,
    1,
    'for sequence 4',
  ],
  'the last batch was cut off without a trace': [
    tail + headAt10,
    11,
    'events 11 to 12 are missing: they are in a head that was signed at',
  ],
};

/** What nothing shows without signed heads. */
export const changedUnseen = `${event(6, `data = '{"a":1}'`)}${rebuildChain}`;
