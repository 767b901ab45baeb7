import { cac } from 'cac';
import { issueToken } from './api/transport/token.ts';
import { buildApp } from './app.ts';
import { ConfigError, readClientConfig, readConfig } from './config.ts';
import { UsageError } from './import/errors.ts';
import { importPrices } from './import/import-prices.ts';
import { importOptions, readImportSettings } from './import/settings.ts';
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
program
  .command('token <actor>', 'Print a token for an actor, signed with DAYBOOK_JWT_SECRET')
  .option('--hours <hours>', 'How long it is valid', { default: 24 })
  .action(async (actor: string, { hours }: { readonly hours: number }) => {
    process.stdout.write(`${await issueToken(readConfig().authentication, actor, hours)}\n`);
  });
const importCommand = program
  .command('import-prices [...files]', 'Record the prices in CSV files through the API of a server')
  .example('  daybook import-prices stocks.csv sp500-2000.csv')
  .action(runImport);
for (const [option, description] of importOptions) importCommand.option(option, description);
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
    process.exitCode = isUsage(error) ? 2 : 1;
  }
}

function isUsage(error: unknown): boolean {
  return error instanceof UsageError || (error instanceof Error && error.name === 'CACError');
}

async function runImport(): Promise<void> {
  const settings = readImportSettings(program.rawArgs.slice(2), readClientConfig());
  const abort = new AbortController();
  // Once: the second Ctrl-C does what it does to any program.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => abort.abort());
  const { stdout: out, stderr: err } = process;
  process.exitCode = await importPrices(settings, { out, err, signal: abort.signal });
}

async function serve(): Promise<void> {
  const app = buildApp(readConfig());
  const stopping = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
  });
  const { url, database, isOwn } = await app.start();
  process.stdout.write(
    [
      '',
      `  Daybook is ready.   PostgreSQL: ${database}`,
      '',
      `  GraphiQL   ${url}/graphql   a tour in tabs: open this first`,
      `  WebSocket  ${url.replace('http', 'ws')}/graphql   graphql-transport-ws`,
      `  Health     ${url}/health/ready`,
      '',
      `  Ctrl-C stops the server${isOwn ? ' and its PostgreSQL' : ''}.`,
      '',
    ].join('\n'),
  );
  await stopping;
  await app.stop();
}
