import type { Secrets } from '../bridges/targets/secrets.ts';
import { createHeadsCheck } from './check-heads.ts';
import { createStreamCheck } from './check-stream.ts';
import { readFiles } from './read-files.ts';
import { readKafka } from './read-kafka.ts';
import { readNats } from './read-nats.ts';
import { noteLines, tableLines } from './report.ts';
import type { VerifySettings } from './settings.ts';
import type { StreamMessage, StreamPages } from './stream-message.ts';

interface VerifyContext {
  readonly secret: Secrets;
  /** Stops the check; what was read until then is printed. */
  readonly signal: AbortSignal;
  /** Takes a line of the report. */
  readonly print: (line: string) => void;
  /** Takes the number of messages read, about once a second. */
  readonly onProgress: (messages: number) => void;
}

const progressMs = 1_000;

/**
 * Checks the chain of all messages of a stream, and prints a report. Resolves with the exit code: 0
 * if there is no gap, no foreign message (with `strict`, no repeated one either) and no head that
 * the given key has not signed, else 1. Throws the errors of reading.
 */
export async function verifyStream(
  settings: VerifySettings,
  context: VerifyContext,
): Promise<0 | 1> {
  const { signal, print } = context;
  const check = createStreamCheck(settings);
  const heads = createHeadsCheck(settings.publicKey);
  const add = (message: StreamMessage) => {
    check.add(message);
    heads.add(message);
  };
  const messages = await readAll(openPages(settings, context), add, context);
  const lanes = check.lanes();
  for (const line of tableLines(lanes)) print(line);
  for (const line of [...noteLines(lanes), ...check.faults(), ...heads.lines()]) print(line);
  if (signal.aborted) print(`stopped after ${messages} messages: the rest is not checked`);
  else if (messages === 0) print('there are no messages');
  const isBad = lanes.some(({ gaps, foreign, repeated }) => {
    return gaps + foreign + (settings.isStrict ? repeated : 0) > 0;
  });
  return isBad || heads.isBad() || signal.aborted ? 1 : 0;
}

function openPages({ source }: VerifySettings, { secret, signal }: VerifyContext): StreamPages {
  switch (source.kind) {
    case 'nats':
      return readNats(source, { secret, signal });
    case 'kafka':
      return readKafka(source, { secret, signal });
    case 'file':
      return readFiles(source.files, signal);
  }
}

async function readAll(
  pages: StreamPages,
  add: (message: StreamMessage) => void,
  { signal, onProgress }: VerifyContext,
): Promise<number> {
  let messages = 0;
  let shownAt = performance.now();
  try {
    for await (const page of pages) {
      for (const message of page) add(message);
      messages += page.length;
      if (signal.aborted) break;
      if (performance.now() - shownAt < progressMs) continue;
      shownAt = performance.now();
      onProgress(messages);
    }
  } catch (error) {
    // The signal ends the request in flight with an error.
    if (!signal.aborted) throw error;
  }
  return messages;
}
