import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readEnvelope } from '../../src/bridges/inbound/envelope.ts';
import { withNumbersAsText } from '../../src/bridges/inbound/number-texts.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const map = { mutation: 'recordPrice', input: { price: '/a/0/b~1c' } };

describe('an envelope', () => {
  test('has a mutation and an input', () => {
    const body = '{"mutation": "depositCash", "input": {"amount": "1.10"}}';
    expect(readEnvelope(bytes(body), undefined)).toEqual({
      mutation: 'depositCash',
      input: { amount: '1.10' },
    });
  });

  test.each([
    ['', /not JSON/],
    ['null', /not a JSON object/],
    ['[]', /not a JSON object/],
    ['{"mutation": 1, "input": {}}', /mutation must be a string/],
    ['{"mutation": "a", "input": []}', /input must be an object/],
    ['{"mutation": "a", "input": {}, "actor": "me"}', /unknown member "actor"/],
    ['{"mutation": "a", "input": {}} x', /not JSON/],
  ])('%s is malformed', (body, message) => {
    expect(() => readEnvelope(bytes(body), undefined)).toThrow(message);
  });

  test('that is not UTF-8 or too large is malformed', () => {
    expect(() => readEnvelope(new Uint8Array([0xff]), undefined)).toThrow('not UTF-8');
    const large = bytes(`"${'x'.repeat(1024 * 1024)}"`);
    expect(() => readEnvelope(large, undefined)).toThrow('more than 1048576');
  });
});

describe('a mapping', () => {
  test('follows JSON pointers with arrays and escapes', () => {
    const body = '{"a": [{"b/c": 1.10}]}';
    expect(readEnvelope(bytes(body), map).input).toEqual({ price: '1.10' });
  });

  test.each(['{"a": []}', '{"a": {"0": {}}}', '{"a": [{}]}', '1', '{"__proto__": 1}'])(
    'of which %s has nothing is malformed',
    (body) => {
      expect(() => readEnvelope(bytes(body), map)).toThrow('the body has no value at /a/0/b~1c');
    },
  );
});

describe('numbers as text', () => {
  test('keep every digit', () => {
    const json = '[-0.10, 1e400, 12345678901234567890.10, "1\\"2", true, null, {"1": 2}]';
    expect(JSON.parse(withNumbersAsText(json))).toEqual([
      ...['-0.10', '1e400', '12345678901234567890.10', '1"2', true, null],
      { 1: '2' },
    ]);
  });

  test('are the only values that change', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 3 }), (value, space) => {
        const json = JSON.stringify(value, null, space);
        const texts = JSON.parse(json, (_, each) => (typeof each === 'number' ? `${each}` : each));
        expect(JSON.parse(withNumbersAsText(json))).toEqual(texts);
      }),
    );
  });
});
