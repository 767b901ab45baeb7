import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { breakingStatementsOf } from '../support/breaking-statements.ts';

const directory = path.resolve(import.meta.dirname, '../../migrations');
/** The last migration of the previous release, whose programs must work with later migrations. */
const lastOfPrevious = '0009';

/** The last migration before functions had files: a later one would be undone, or undo a file. */
const lastWithFunctions = '0014';

function migrationsAfter(last: string): readonly string[] {
  return readdirSync(directory).filter((name) => /^\d{4}_/.test(name) && name.slice(0, 4) > last);
}

/** Allowed statements by file, each with the reason why it breaks nothing. */
const allowed: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '0018_log_chain.sql': {
    'drop: drop table unchained_events': 'the table events takes its place',
    'drop: drop table unchained_batches': 'the table command_batches takes its place',
    'drop: drop table append_batches': 'a view of the same name takes its place',
    'rename: alter table events rename to unchained_events': 'events is created again',
    'rename: alter table command_batches rename to unchained_batches':
      'command_batches is created again',
    'change of type: alter column rejection type json using rejection::text::json':
      'programs parse both types, and the migration ends sessions that have plans',
    'not null: alter column hash set not null': 'no program inserts into log_head',
    'not null: alter column commands_hash set not null': 'no program inserts into log_head',
    'other function: create or replace function append_events':
      'the function for the previous release has its former signature',
  },
};

test('no migration breaks the programs of the previous release', () => {
  const breaking = migrationsAfter(lastOfPrevious).flatMap((name) =>
    breakingStatementsOf(readFileSync(path.join(directory, name), 'utf8'))
      .filter((statement) => !Object.hasOwn(allowed[name] ?? {}, statement))
      .map((statement) => `${name}: ${statement}`),
  );
  expect(breaking).toEqual([]);
});

/** Functions that a migration itself needs, by file, and one for the previous release alone. */
const firstForms: Readonly<Record<string, readonly string[]>> = {
  '0017_personal_data.sql': ['create function erase_personal_key'],
  '0018_log_chain.sql': [
    'create function link_hash',
    'create function copy_text',
    'create function add_events_partition',
    'create function refuse_former_append',
    'create or replace function append_events(\n  batch_id uuid,\n  expected',
  ],
};

test('no migration creates or drops a function that already has a file', () => {
  const names = readdirSync(path.join(directory, 'functions')).map((name) => path.parse(name).name);
  const pattern = new RegExp(`(?<!execute )\\bfunction (?:if exists )?(?:${names.join('|')})\\b`);
  const wrong = migrationsAfter(lastWithFunctions).filter((name) => {
    const text = readFileSync(path.join(directory, name), 'utf8');
    const first = firstForms[name] ?? [];
    return pattern.test(first.reduce((rest, form) => rest.replace(form, ''), text));
  });
  expect(wrong).toEqual([]);
});

test.each([
  'drop table events;',
  'DROP FUNCTION\n append_events;',
  'alter table events drop column actor;',
  'alter table events rename column actor to who;',
  'alter function append_events rename to append;',
  'alter table events alter column version type bigint;',
  'alter table events alter column causation_id set not null;',
  'alter table events add column tenant text not null;',
  'alter table events add tenant text not null, add column other text;',
  'create or replace function sequence_at(moment timestamptz) returns bigint as $$ $$;',
])('%s is reported as breaking', (statement) => {
  expect(breakingStatementsOf(`create table a (id integer);\n${statement}`)).toHaveLength(1);
});

test.each([
  '-- drop table events;',
  'create table reactions (name text not null, type text not null);',
  'alter table log_head add column if not exists epoch bigint not null default 1;',
  'alter table events add column tenant text;',
  'create function append_events(batch_id uuid, epoch bigint) returns void as $$ $$;',
  'drop index events_type_sequence_idx;',
])('%s is not reported as breaking', (statement) => {
  expect(breakingStatementsOf(statement)).toEqual([]);
});
