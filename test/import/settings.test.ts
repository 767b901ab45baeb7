import { describe, expect, test } from 'vitest';
import { readImportSettings } from '../../src/import/settings.ts';

const read = (args: readonly string[], defaults = {}) =>
  readImportSettings(['import-prices', ...args], defaults);

describe('settings', () => {
  test('come from the options, then from the environment, then from the defaults', () => {
    expect(read(['a.csv'])).toMatchObject({
      files: ['a.csv'],
      url: 'http://127.0.0.1:4000/graphql',
      token: null,
      currency: { code: 'USD', isRequired: false },
    });
    const environment = { url: 'https://example.org/graphql', token: 'from-environment' };
    expect(read(['a.csv'], environment)).toMatchObject(environment);
    expect(read(['--token', 'given', 'a.csv', '--url=http://x/y'], environment)).toMatchObject({
      files: ['a.csv'],
      url: 'http://x/y',
      token: 'given',
    });
    expect(read(['a.csv'], { url: ' ', token: '' })).toMatchObject({
      url: 'http://127.0.0.1:4000/graphql',
      token: null,
    });
  });

  test('leave the notation of files open unless it is given', () => {
    expect(read(['a.csv'])).toMatchObject({ decimal: null, dates: null, repeat: 'report' });
    const given = ['--decimal', 'comma', '--dates', 'day-first', '--again', 'a.csv'];
    expect(read(given)).toMatchObject({
      files: ['a.csv'],
      decimal: 'comma',
      dates: 'day-first',
      repeat: 'record',
    });
  });

  test('keep a symbol of digits unchanged, and treat everything after -- as files', () => {
    expect(read(['--symbol', '005930', '--', '-a.csv'])).toMatchObject({
      symbol: '005930',
      files: ['-a.csv'],
    });
  });

  test.each([
    [[], 'at least one CSV file'],
    [['a.csv', '--symbol', 'msft'], '--symbol: the symbol has lowercase letters: write "MSFT"'],
    [['a.csv', '--decimal', 'dot'], '--decimal must be point or comma, not dot'],
    [['a.csv', '--dates', 'mdy'], '--dates must be month-first or day-first, not mdy'],
    [
      ['a.csv', '--currency', 'dollar'],
      '--currency must be an ISO 4217 code such as USD, not dollar',
    ],
    [['a.csv', '--url', 'localhost:4000'], '--url must have the form'],
    [['a.csv', '--url', 'http://me:secret@host/'], '--url must not contain a user name'],
    [['a.csv', '--token', 'a b'], 'the token contains a character'],
    [['a.csv', '--bogus', 'x'], '--bogus'],
  ])('%j is an error: %s', (args, message) => {
    expect(() => read(args)).toThrow(message);
  });
});
