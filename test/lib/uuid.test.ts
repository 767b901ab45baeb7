import { expect, test } from 'vitest';
import { newUuid, parseUuid } from '../../src/lib/uuid.ts';

test('a new id is a version 7 UUID of its time', () => {
  const before = Date.now();
  const id = newUuid();
  const after = Date.now();
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const time = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
  expect(time).toBeGreaterThanOrEqual(before);
  expect(time).toBeLessThanOrEqual(after);
});

test('new ids do not repeat', () => {
  const ids = Array.from({ length: 10_000 }, newUuid);
  expect(new Set(ids).size).toBe(ids.length);
});

test('a UUID of any version and case is read in lower case', () => {
  const id = newUuid();
  expect(parseUuid(id.toUpperCase())).toBe(id);
  expect(parseUuid('00000000-0000-0000-0000-000000000000')).not.toBeNull();
});

test.each([
  '',
  'account-1',
  '{0197a1f0-0000-7000-8000-000000000000}',
  '0197a1f0000070008000000000000000',
  '0197a1f0-0000-7000-8000-00000000000',
  '0197a1f0-0000-7000-8000-000000000000\n',
  '0197a1g0-0000-7000-8000-000000000000',
])('%j is not a UUID', (input) => {
  expect(parseUuid(input)).toBeNull();
});
