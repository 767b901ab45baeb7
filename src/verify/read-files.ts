import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { type StreamMessage, type StreamPages, toContent } from './stream-message.ts';

const pageMax = 1_000;

/**
 * The messages of files with a JSON object on each line: CloudEvents in the structured mode, all of
 * them on one lane, or records as `kcat -J` prints them, on the lanes of their partitions. The name
 * `-` is standard input.
 */
export async function* readFiles(files: readonly string[], signal: AbortSignal): StreamPages {
  for (const file of files) {
    const input = file === '-' ? process.stdin : createReadStream(file);
    let page: StreamMessage[] = [];
    let number = 0;
    // An error of the file does not reach the reader of its lines.
    let failure: Error | null = null;
    const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY, signal });
    input.once('error', (error: Error) => {
      failure = error;
      lines.close();
    });
    for await (const line of lines) {
      number += 1;
      if (line.trim() === '') continue;
      page.push(toStreamMessage(file, number, line));
      if (page.length < pageMax) continue;
      yield page;
      page = [];
    }
    if (failure !== null) throw failure;
    yield page;
  }
}

function toStreamMessage(file: string, number: number, line: string): StreamMessage {
  const location = `line ${number}`;
  const value = parse(line);
  const { topic, partition, offset, headers } = value;
  if (typeof topic === 'string' && Array.isArray(headers)) {
    const lane = `${topic}-${partition}`;
    const named = new Map(headers.map((name, index) => [name, headers[index + 1]]));
    const attribute = (name: string) => named.get(`ce_${name}`);
    return { lane, location: `offset ${offset}`, ...toContent(attribute) };
  }
  return { lane: file, location, ...toContent((name) => value[name]) };
}

function parse(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
