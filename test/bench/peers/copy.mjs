import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from, to } from 'pg-copy-streams';
import { answerJobs } from '../support/answer-jobs.mjs';

/** COPY into the events table: the least that PostgreSQL itself takes to store the same rows. */
let chunks = [];

answerJobs({
  /** Keeps the events after a sequence as text, and gives their number. */
  take: ({ url, after }) =>
    withClient(url, async (client) => {
      const where = `where sequence > ${Number(after)} order by sequence`;
      const rows = client.query(to(`copy (select * from events ${where}) to stdout`));
      chunks = await rows.toArray();
      return rows.rowCount;
    }),
  /** Copies the kept rows into another database, and gives the time that it took. */
  copy: ({ url }) =>
    withClient(url, async (client) => {
      await client.query('checkpoint');
      const startedAt = performance.now();
      await pipeline(Readable.from(chunks), client.query(from('copy events from stdin')));
      return performance.now() - startedAt;
    }),
});

async function withClient(url, work) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
