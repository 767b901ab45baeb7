import pg from 'pg';
import { beforeEach, expect, test } from 'vitest';
import type { Logger } from '../../src/lib/logger.ts';
import { DatabaseUnreachableError } from '../../src/postgres/errors.ts';
import { createOutages, type Outages } from '../../src/postgres/outages.ts';
import { silentLogger } from '../support/silent-logger.ts';

let nowMs: number;
let lines: [fields: object, message: string][];
let outages: Outages;
const lost = new DatabaseUnreachableError(new Error('Connection terminated unexpectedly'));

beforeEach(() => {
  nowMs = 0;
  lines = [];
  const write: Logger['warn'] = (fields, message) => lines.push([fields, message]);
  outages = createOutages({ ...silentLogger, warn: write, error: write }, () => nowMs);
});

function refusal(code: string): Error {
  return Object.assign(new pg.DatabaseError('no', 0, 'error'), { code });
}

function failFor(seconds: number, error: unknown, statement: string): void {
  for (let tenth = 0; tenth < seconds * 10; tenth += 1) {
    outages.failed(error, statement);
    outages.logger.warn({ err: error }, 'something stands still');
    nowMs += 100;
  }
}

test('an outage is reported when it begins, each minute, and when it is over', () => {
  failFor(150, lost, 'any');
  nowMs += 5_000;
  outages.worked('any');
  outages.worked('any');
  expect(lines).toEqual([
    [{ reason: 'Connection terminated unexpectedly' }, 'the connection to the database is lost'],
    [
      { reason: 'Connection terminated unexpectedly', seconds: 60, failures: 1_201 },
      'the connection to the database is lost',
    ],
    [
      { reason: 'Connection terminated unexpectedly', seconds: 120, failures: 2_401 },
      'the connection to the database is lost',
    ],
    [{ seconds: 155, failures: 3_000 }, 'the connection to the database is restored'],
  ]);
});

test('a connection that alternately works and fails is one outage', () => {
  for (let second = 0; second < 30; second += 1) {
    outages.failed(lost, 'any');
    nowMs += 500;
    outages.worked('any');
    nowMs += 500;
  }
  expect(lines).toHaveLength(1);
});

test('a full disk is not reported as over when a read succeeds', () => {
  outages.failed(refusal('53100'), 'append');
  nowMs += 10_000;
  outages.worked('read');
  expect(lines).toHaveLength(1);
  outages.worked('append');
  expect(lines.map(([, message]) => message)).toEqual([
    'the disk of the database is full: nothing can be recorded',
    'the disk of the database has free space again',
  ]);
});

test('an error that is not an outage is logged unchanged', () => {
  const fault = new Error('a fault');
  outages.logger.warn({ err: fault }, 'a view has failed');
  outages.failed(refusal('23505'), 'append');
  outages.logger.error({ port: 1 }, 'no port');
  expect(lines).toEqual([
    [{ err: fault }, 'a view has failed'],
    [{ port: 1 }, 'no port'],
  ]);
});

test('an error that an outage has caused is reported as part of the outage', () => {
  const failed = new Error('a command has failed', { cause: refusal('25006') });
  outages.logger.warn({ err: failed }, 'the command of a timer has failed');
  expect(lines).toEqual([[{ reason: 'no' }, 'the database is read-only: nothing can be recorded']]);
});
