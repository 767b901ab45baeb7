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
const allowed: Readonly<Record<string, Readonly<Record<string, string>>>> = {};

test('no migration breaks the programs of the previous release', () => {
  const breaking = migrationsAfter(lastOfPrevious).flatMap((name) =>
    breakingStatementsOf(readFileSync(path.join(directory, name), 'utf8'))
      .filter((statement) => !Object.hasOwn(allowed[name] ?? {}, statement))
      .map((statement) => `${name}: ${statement}`),
  );
  expect(breaking).toEqual([]);
});

/** The functions of new triggers by file: a trigger needs its function when it is created. */
const firstForms: Readonly<Record<string, string>> = {
  '0017_personal_data.sql': 'create function erase_personal_key',
};

test('no migration creates or drops a function that already has a file', () => {
  const names = readdirSync(path.join(directory, 'functions')).map((name) => path.parse(name).name);
  const pattern = new RegExp(`(?<!execute )\\bfunction (?:if exists )?(?:${names.join('|')})\\b`);
  const wrong = migrationsAfter(lastWithFunctions).filter((name) => {
    const text = readFileSync(path.join(directory, name), 'utf8');
    const first = firstForms[name];
    return pattern.test(first === undefined ? text : text.replace(first, ''));
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
