import { startEmbeddedPostgres } from '../../src/postgres/embedded.ts';
import { silentLogger } from './silent-logger.ts';

/** A process that tests kill: starts a server on the given directory and prints its URL. */
const server = await startEmbeddedPostgres({ dataDir: process.argv[2] ?? '', log: silentLogger });
process.on('SIGTERM', async () => {
  await server.stop();
  process.exit(0);
});
setInterval(() => {}, 60_000);
// Signals are handled only from here on.
process.stdout.write(`${server.url}\n`);
