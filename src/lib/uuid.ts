import { randomFillSync } from 'node:crypto';

/**
 * A version 7 UUID (RFC 9562): 48 bits of the time in milliseconds, then 74 random ones. Ids made
 * about the same time are neighbours in an index.
 *
 * Written digit by digit into one text: 0.4 µs, where one put together from Node's own generator took
 * 1.1 and kept its parts alive with it. The usual library took 7 % of the time of a command.
 */
export function newUuid(): string {
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  const now = Date.now();
  writeHex(Math.floor(now / 0x1_0000), 0, 8);
  writeHex(now % 0x1_0000, 9, 4);
  writeHex(0x7000 | (nextRandom() & 0xfff), 14, 4);
  writeHex(0x8000 | (nextRandom() & 0x3fff), 19, 4);
  for (let place = 24; place < 36; place += 4) writeHex(nextRandom(), place, 4);
  return text.toString('latin1');
}

const idsAtOnce = 128;
const random = new Uint16Array(5 * idsAtOnce);
let used = random.length;
const text = Buffer.from('00000000-0000-0000-0000-000000000000');
const digits = Buffer.from('0123456789abcdef');

function nextRandom(): number {
  used += 1;
  return random[used - 1] ?? 0;
}

function writeHex(value: number, start: number, length: number): void {
  let rest = value;
  for (let place = start + length - 1; place >= start; place -= 1) {
    text[place] = digits[rest & 0xf] ?? 0;
    rest >>>= 4;
  }
}

/** Any UUID as text, in lower case; null when it is not one. */
export function parseUuid(input: string): string | null {
  return pattern.test(input) ? input.toLowerCase() : null;
}

/** Why a text is no UUID; null: it is one. */
export function uuidFault(input: string): string | null {
  const example = '0190b5a4-7c3e-7d2a-9f00-5d9a1c2b3e4f';
  return pattern.test(input) ? null : `${JSON.stringify(input)} is no UUID, like "${example}"`;
}

const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
