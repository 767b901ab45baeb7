import { expect, test } from 'vitest';
import { changesBetween } from '../../src/kernel/json-changes.ts';

test('has the members that differ, at any depth, by their paths', () => {
  const before = { a: '1', b: { c: '2', d: ['x'] }, gone: { e: true }, same: { f: null } };
  const after = { a: '1', b: { c: '3', d: ['x', 'y'] }, 'new.one': { g: '4' }, same: {} };
  expect(changesBetween(before, after)).toEqual([
    { path: 'b.c', before: '2', after: '3' },
    { path: 'b.d', before: ['x'], after: ['x', 'y'] },
    { path: 'gone.e', before: true, after: null },
    { path: '"new.one".g', before: null, after: '4' },
  ]);
});

test('has what an object and a value have in common: nothing', () => {
  expect(changesBetween({ a: { b: 1 } }, { a: 2 })).toEqual([
    { path: 'a', before: null, after: 2 },
    { path: 'a.b', before: 1, after: null },
  ]);
});
