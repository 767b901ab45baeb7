import { silentLogger } from '../../src/lib/logger.ts';
import { startEmbeddedPostgres } from '../../src/postgres/embedded.ts';

/** A process to be killed: starts a server on the directory given and says where it is. */
const server = await startEmbeddedPostgres({ dataDir: process.argv[2] ?? '', log: silentLogger });
process.on('SIGTERM', async () => {
  await server.stop();
  process.exit(0);
});
setInterval(() => {}, 60_000);
// Only now may it be told to stop.
process.stdout.write(`${server.url}\n`);
