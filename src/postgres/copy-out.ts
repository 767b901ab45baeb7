import pg from 'pg';
import { from as copyFromBytes, to as copyTo } from 'pg-copy-streams';
import { toClientConfig } from './client-config.ts';
import { endClient } from './dedicated-connection.ts';
import { DatabaseUnreachableError } from './errors.ts';
import { createClientExecutor, type Executor } from './executor.ts';

/** One connection over which large results are read at the speed of COPY. */
export interface CopyConnection extends Executor {
  /**
   * Runs a statement `copy … to stdout` and yields its bytes in chunks, as the server sends them: a
   * chunk may end anywhere in a row. The server waits while the reader does, so memory stays flat.
   * The statement ends before another query runs; if the reader leaves early, the connection is
   * closed. Throws the DatabaseError of pg, also in the middle of the chunks.
   */
  copyOut(statement: string): AsyncGenerator<Buffer, void, undefined>;
  /**
   * Runs a statement `copy … from stdin` with these bytes, and returns once the rows are stored.
   * Throws the DatabaseError of pg.
   */
  copyIn(statement: string, bytes: Buffer): Promise<void>;
}

/**
 * Opens a connection without a limit of time for its statements, runs the work, and closes it.
 * Throws `DatabaseUnreachableError` if there is no connection. For results that belong together,
 * begin a transaction with `begin isolation level repeatable read read only`.
 */
export async function withCopyConnection<T>(
  url: string,
  work: (connection: CopyConnection) => Promise<T>,
): Promise<T> {
  const client = await openClient(url);
  const executor = createClientExecutor(client);
  try {
    return await work({
      query: (query, values) => executor.query<never>(query, values),
      copyOut: (statement) => copyFrom(client, statement),
      copyIn: (statement, bytes) => copyInto(client, statement, bytes),
    });
  } finally {
    executor.close();
    await endClient(client);
  }
}

/** Yields the bytes of one statement `copy … to stdout`, over a separate connection. */
export async function* copyOut(
  url: string,
  statement: string,
): AsyncGenerator<Buffer, void, undefined> {
  const client = await openClient(url);
  try {
    yield* copyFrom(client, statement);
  } finally {
    await endClient(client);
  }
}

async function openClient(url: string): Promise<pg.Client> {
  const client = new pg.Client(toClientConfig({ url, applicationName: 'daybook copy' }));
  // A lost connection fails the statement that runs, or the next one.
  client.on('error', () => {});
  try {
    await client.connect();
    return client;
  } catch (cause) {
    await endClient(client);
    throw new DatabaseUnreachableError(cause);
  }
}

async function* copyFrom(
  client: pg.Client,
  statement: string,
): AsyncGenerator<Buffer, void, undefined> {
  const stream = client.query(copyTo(statement));
  let isOver = false;
  try {
    for await (const chunk of stream) yield chunk as Buffer;
    isOver = true;
  } catch (error) {
    isOver = true;
    throw error;
  } finally {
    // The rest of the result would be taken for the answer to the next query.
    if (!isOver) await endClient(client);
  }
}

function copyInto(client: pg.Client, statement: string, bytes: Buffer): Promise<void> {
  const stream = client.query(copyFromBytes(statement));
  return new Promise((resolve, reject) => {
    // A connection that is lost in the middle fails only the socket.
    const onEnd = () => reject(new DatabaseUnreachableError('the connection was lost'));
    client.once('end', onEnd);
    const settle = (error?: Error) => {
      client.off('end', onEnd);
      if (error === undefined) resolve();
      else reject(error);
    };
    stream.once('error', settle);
    stream.once('finish', () => settle());
    stream.end(bytes);
  });
}
