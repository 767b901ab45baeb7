import fc from 'fast-check';
import { expect, test } from 'vitest';
import { comparerFor } from '../../src/lib/byte-order.ts';

const units = fc.constantFrom(
  '',
  'a',
  'b',
  'é',
  '\ud7ff',
  '\ue000',
  '\uffee',
  '\u{10000}',
  '\u{1f600}',
);
const texts = fc.array(units, { maxLength: 4 }).map((parts) => parts.join(''));

test('texts are compared as their bytes are', () => {
  const property = fc.property(texts, texts, (a, b) => {
    const expected = Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(Math.sign(comparerFor(a)(a, b)) + 0).toBe(expected + 0);
    expect(Math.sign(comparerFor(a)(b, a)) + 0).toBe(0 - expected);
  });
  fc.assert(property, { numRuns: 2_000 });
});
