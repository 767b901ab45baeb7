import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createCopyLines, nextLine, unescaped } from '../../src/proof/copy-lines.ts';

/** The bytes in chunks of these sizes, again and again. */
async function* inChunks(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const end = at + (sizes[index % sizes.length] ?? 1);
    yield Buffer.from(bytes.subarray(at, end));
    at = end;
  }
}

/** Reads all lines, and overwrites what a reader may overwrite before each. */
async function readAll(bytes: Buffer, sizes: readonly number[]): Promise<readonly string[]> {
  const lines = createCopyLines(inChunks(bytes, sizes));
  const found: string[] = [];
  while (await nextLine(lines)) {
    lines.buffer.fill(0xff, lines.start - 32, lines.start);
    found.push(lines.buffer.toString('utf8', lines.start, lines.end));
  }
  return found;
}

test('lines are the same however they arrive in chunks', async () => {
  const texts = fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', '')));
  const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(texts, sizes, async (lines, chunks) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      expect(await readAll(bytes, chunks)).toEqual(lines);
    }),
  );
});

test('a line may be longer than the buffer', async () => {
  const lines = ['a', 'b'.repeat(3_000_000), '', 'c'.repeat(700_000), 'd'];
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  expect(await readAll(bytes, [65_536])).toEqual(lines);
});

test('escapes of COPY are undone', () => {
  expect(unescaped('a\\\\b\\tc\\nd\\re\\vf\\bg\\fh\\\\N')).toBe('a\\b\tc\nd\re\vf\bg\fh\\N');
});
