import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toCanonicalJson } from '../../src/lib/canonical-json.ts';

test('names are sorted at every depth, without white space', () => {
  const value = { b: [1, { d: true, c: 'x' }], a: { z: '1.00', y: [] } };
  expect(toCanonicalJson(value)).toBe('{"a":{"y":[],"z":"1.00"},"b":[1,{"c":"x","d":true}]}');
});

test('absent and null are the same in objects, and keep their index in arrays', () => {
  expect(toCanonicalJson({ a: null, b: undefined, c: 1 })).toBe('{"c":1}');
  expect(toCanonicalJson([null, undefined, 1])).toBe('[null,null,1]');
  expect(toCanonicalJson(undefined)).toBe('null');
});

test.each([
  [{ a: '1' }, { a: 1 }],
  [{ a: '1.0' }, { a: '1.00' }],
  [{ a: 'null' }, { a: null }],
  [
    ['a', 'b'],
    ['b', 'a'],
  ],
  [['a,b'], ['a', 'b']],
  [{ 'a":1,"b': 2 }, { a: 1, b: 2 }],
  [[], {}],
])('%j and %j have different texts', (a, b) => {
  expect(toCanonicalJson(a)).not.toBe(toCanonicalJson(b));
});

const values = fc.jsonValue();

test('the text does not depend on the order in which members were added', () => {
  const objects = fc.dictionary(fc.string(), values);
  fc.assert(
    fc.property(objects, (object) => {
      const reversed = Object.fromEntries(Object.entries(object).reverse());
      expect(toCanonicalJson(reversed)).toBe(toCanonicalJson(object));
    }),
  );
});

test('two values have the same text only if they are equal, apart from nulls', () => {
  fc.assert(
    fc.property(values, (value) => {
      const text = toCanonicalJson(value);
      expect(toCanonicalJson(JSON.parse(text))).toBe(text);
    }),
  );
});
