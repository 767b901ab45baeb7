import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { weighted } from './media-type.ts';

type ContentEncoding = 'br' | 'gzip';

/** Shorter answers are sent as they are: they fit into one packet. */
export const compressedBytesMin = 1024;

/** The other threads of Node.js are left to files and names. */
const runningMax = 2;
/** With more answers than this waiting, an answer is sent as it is. */
const waitingMax = 32;

const brotli = promisify(brotliCompress);
const zip = promisify(gzip);

/** The encoding with the greatest weight in a header Accept-Encoding; brotli if there are two. */
export function chooseEncoding(header: string | undefined): ContentEncoding | null {
  if (header === undefined) return null;
  const qualities = new Map(weighted(header).map(({ name, quality }) => [name, quality]));
  const others = qualities.get('*') ?? 0;
  const br = qualities.get('br') ?? others;
  const gz = qualities.get('gzip') ?? qualities.get('x-gzip') ?? others;
  // A caller that prefers the plain body gets it.
  const least = qualities.get('identity') ?? 0;
  if (Math.max(br, gz) <= 0 || Math.max(br, gz) < least) return null;
  return br >= gz ? 'br' : 'gzip';
}

/** Compresses an answer; null if it is better sent as it is. Never throws. */
type Compress = (body: string | Buffer, encoding: ContentEncoding) => Promise<Buffer | null>;

/**
 * Creates the compression of answers: on other threads than JavaScript, at most two at a time. A
 * body that is a Buffer is a constant page, whose compressed form is kept.
 */
export function createCompress(): Compress {
  const pages = new WeakMap<Buffer, Map<ContentEncoding, Promise<Buffer | null>>>();
  const waiting: (() => void)[] = [];
  let running = 0;

  async function run(body: string | Buffer, encoding: ContentEncoding): Promise<Buffer | null> {
    if (running < runningMax) running += 1;
    else if (waiting.length >= waitingMax) return null;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      const small = await encode(body, encoding);
      return small.length < Buffer.byteLength(body) ? small : null;
    } catch {
      return null;
    } finally {
      const next = waiting.shift();
      // The next one takes over the slot.
      if (next === undefined) running -= 1;
      else next();
    }
  }

  async function page(body: Buffer, encoding: ContentEncoding): Promise<Buffer | null> {
    const kept = pages.get(body) ?? new Map<ContentEncoding, Promise<Buffer | null>>();
    pages.set(body, kept);
    const known = kept.get(encoding) ?? run(body, encoding);
    kept.set(encoding, known);
    const compressed = await known;
    if (compressed === null) kept.delete(encoding);
    return compressed;
  }

  return (body, encoding) =>
    typeof body === 'string' ? run(body, encoding) : page(body, encoding);
}

/** The levels are the fastest that are worth it; see `docs/decisions.md`. */
function encode(body: string | Buffer, encoding: ContentEncoding): Promise<Buffer> {
  if (encoding === 'gzip') return zip(body, { level: 1 });
  const bytes = Buffer.byteLength(body);
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = constants;
  return brotli(body, { params: { [BROTLI_PARAM_QUALITY]: 4, [BROTLI_PARAM_SIZE_HINT]: bytes } });
}
