import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seal, unseal } from '../../src/personal/seal.ts';

const key = createSecretKey(randomBytes(32));
const place = { event: 'e1', field: 'name' };
const subject = 'ada';

const wellFormed = fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed());

test('every text opens as it was, in its own place only', () => {
  const field = fc.constantFrom('name', 'email', 'reference');
  const event = fc.constantFrom('e1', 'e2');
  const someone = fc.oneof(fc.constantFrom('ada', 'bob'), wellFormed);
  const places = fc.record({ event, field, subject: someone });
  const property = fc.property(wellFormed, places, places, (text, own, other) => {
    const sealed = seal(key, text, own);
    expect(unseal(key, sealed, own)).toBe(text);
    expect(sealed.sealed.length).toBe(Math.ceil(((Buffer.byteLength(text) + 28) * 4) / 3));
    if (JSON.stringify(own) === JSON.stringify(other)) return;
    const moved = { ...sealed, subject: other.subject };
    expect(() => unseal(key, moved, other)).toThrow(/changed, or moved/);
  });
  fc.assert(property, { numRuns: 300 });
});

test('the same text is sealed differently each time, and does not show', () => {
  const all = Array.from({ length: 1_000 }, () => seal(key, 'Ada', { ...place, subject }).sealed);
  expect(new Set(all).size).toBe(1_000);
  const nonces = all.map((text) => Buffer.from(text, 'base64url').subarray(0, 12).toString('hex'));
  expect(new Set(nonces).size).toBe(1_000);
  expect(all.filter((text) => Buffer.from(text, 'base64url').includes('Ada'))).toEqual([]);
});

test('a sealed text with any byte changed, or cut short, names its event instead of opening', () => {
  const sealed = seal(key, 'Ada Lovelace', { ...place, subject });
  const bytes = Buffer.from(sealed.sealed, 'base64url');
  for (let index = 0; index < bytes.length; index += 1) {
    const changed = Buffer.from(bytes);
    changed[index] = (changed[index] ?? 0) ^ 1;
    const broken = { ...sealed, sealed: changed.toString('base64url') };
    expect(() => unseal(key, broken, place)).toThrow('the personal text name of event e1');
    const cut = { ...sealed, sealed: bytes.subarray(0, index).toString('base64url') };
    expect(() => unseal(key, cut, place)).toThrow('the personal text name of event e1');
  }
});

test('a text is not opened with the key of another person', () => {
  const sealed = seal(key, 'Ada', { ...place, subject });
  const other = createSecretKey(randomBytes(32));
  expect(() => unseal(other, sealed, place)).toThrow(/changed, or moved/);
});
