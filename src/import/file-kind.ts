import { FileError } from './errors.ts';

/** How the characters of a file are stored. */
export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

/** The number of bytes at the beginning of a file that are enough to recognize it. */
export const headBytesMax = 4_096;

/** The first bytes of files that are not text, in hexadecimal, and what to do with such a file. */
const magics: readonly (readonly [string, string])[] = [
  ['d0cf11e0a1b11ae1', 'an old Excel workbook: save it as CSV'],
  ['1f8b', 'a file compressed with gzip: unpack it'],
  ['fd377a585a00', 'a file compressed with xz: unpack it'],
  ['28b52ffd', 'a file compressed with zstd: unpack it'],
  ['377abcaf271c', 'a 7-Zip archive: unpack it'],
  ['5041523115', 'a Parquet file: write it as CSV'],
  ['53514c69746520666f726d6174203300', 'an SQLite database: only CSV is read'],
  ['fffe0000', 'UTF-32 text: save it as UTF-8'],
  ['0000feff', 'UTF-32 text: save it as UTF-8'],
];

/** The same for kinds that need more than their first bytes; each byte is one character. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/^PK.*opendocument\.spreadsheet/s, 'an OpenDocument spreadsheet: save it as CSV'],
  [/^PK.*(?:\[Content_Types\]|xl\/|_rels\/)/s, 'an Excel workbook: save it as CSV'],
  [/^PK\W/, 'a ZIP archive: unpack it'],
  [/^BZh[1-9]1AY&SY/, 'a file compressed with bzip2: unpack it'],
  [/^%PDF-/, 'a PDF document: only CSV is read'],
  [/^\{\\rtf/, 'an RTF document: save it as CSV'],
  [/^(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|table)\b/i, 'a web page: only CSV is read'],
  [/^(?:\xef\xbb\xbf)?\s*<\?xml\b/i, 'XML: only CSV is read'],
  [/^(?:\xef\xbb\xbf)?\s*(?:\{\s*"|\[\s*[[{])/, 'JSON: only CSV is read'],
];
const zip = '504b0304';

/**
 * Detects the encoding from the first bytes of a file; UTF-8 if they do not show one. Throws
 * `FileError`, which names the apparent kind of file, if it is not text or its encoding is unclear.
 */
export function findEncoding(head: Buffer): Encoding {
  const bytes = head.subarray(0, headBytesMax);
  const kind = findOtherKind(bytes);
  if (kind !== null) throw new FileError(`looks like ${kind}`);
  const text = bytes.toString('latin1', 0, 2);
  if (text.startsWith('\u{ff}\u{fe}')) return 'utf-16le';
  if (text.startsWith('\u{fe}\u{ff}')) return 'utf-16be';
  if (!bytes.includes(0)) return 'utf-8';
  if (isTwoByteText(bytes)) {
    throw new FileError('looks like UTF-16 without a byte order mark: save it as UTF-8');
  }
  throw new FileError('is not text, because it has zero bytes: only CSV is read');
}

function findOtherKind(bytes: Buffer): string | null {
  const hex = bytes.toString('hex', 0, 16);
  const magic = magics.find(([start]) => hex.startsWith(start));
  if (magic !== undefined) return magic[1];
  const text = bytes.toString('latin1');
  const isZip = hex.startsWith(zip);
  const found = patterns.find(([pattern]) => pattern.test(text) && text.startsWith('PK') === isZip);
  return found?.[1] ?? null;
}

/** In UTF-16, digits and delimiters take two bytes, and always the same one of them is zero. */
function isTwoByteText(bytes: Buffer): boolean {
  let [even, odd] = [0, 0];
  for (const [index, byte] of bytes.entries()) {
    if (byte === 0 && index % 2 === 0) even += 1;
    else if (byte === 0) odd += 1;
  }
  const [less, more] = even < odd ? [even, odd] : [odd, even];
  return more * 8 > bytes.length && less * 10 < more;
}
