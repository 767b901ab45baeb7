import { cac } from 'cac';
import { buildApp } from './app.ts';
import { ConfigError, readConfig } from './config.ts';
import { migrate } from './postgres/migrate.ts';

const program = cac('daybook');
program
  .command('serve', 'Serve the GraphQL API (set HOST, PORT, DATABASE_URL, DAYBOOK_DATA_DIR)')
  .action(serve);
program
  .command('migrate', 'Bring the database of DATABASE_URL up to date, and end')
  .action(async () => {
    const { databaseUrl } = readConfig();
    if (databaseUrl === null) throw new ConfigError('DATABASE_URL is not set: nothing to migrate');
    await migrate(databaseUrl);
  });
program.help();

await main();

async function main(): Promise<void> {
  try {
    program.parse(process.argv, { run: false });
    if (program.matchedCommand === undefined && program.options['help'] !== true) {
      program.outputHelp();
      process.exitCode = 2;
    }
    await program.runMatchedCommand();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`daybook: ${message.replaceAll(/\s*\n\s*/g, ' ')}\n`);
    process.exitCode = 1;
  }
}

async function serve(): Promise<void> {
  const app = buildApp(readConfig());
  const stopping = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
  });
  const { url, database } = await app.start();
  process.stdout.write(
    [
      '',
      `  Daybook is ready.   PostgreSQL: ${database}`,
      '',
      `  GraphiQL   ${url}/graphql   a tour in tabs: open this first`,
      `  WebSocket  ${url.replace('http', 'ws')}/graphql   graphql-transport-ws`,
      `  Health     ${url}/health/ready`,
      '',
      '  Ctrl-C stops the server and its PostgreSQL.',
      '',
    ].join('\n'),
  );
  await stopping;
  await app.stop();
}
