import { once } from 'node:events';
import { cac } from 'cac';
import { issueToken, readRoles } from './api/transport/token.ts';
import { buildApp, type Started } from './app.ts';
import { archiveOptions, readArchiveSettings } from './archive/settings.ts';
import { runArchive } from './archive-command.ts';
import { BridgeSettingsError } from './bridges/settings.ts';
import {
  type Config,
  ConfigError,
  readClientConfig,
  readConfig,
  readDemoConfig,
  readSecrets,
} from './config.ts';
import { runDemo } from './demo/demo.ts';
import { demoOptions, readDemoSettings } from './demo/settings.ts';
import { welcomeLines } from './demo/welcome.ts';
import {
  drillOptions,
  exportOptions,
  importLogOptions,
  readDrillSettings,
  readExportSettings,
  readImportDirectory,
} from './exports/settings.ts';
import { runDrillCommand, runExport, runImportLog } from './exports-command.ts';
import { UsageError } from './import/errors.ts';
import { importPrices } from './import/import-prices.ts';
import { importOptions, readImportSettings } from './import/settings.ts';
import { migrate } from './postgres/migrate.ts';
import { runRebuild } from './rebuild-command.ts';
import { rotate } from './rotate-master-key.ts';
import { runThin } from './thin-command.ts';
import { readVerifySettings, verifyOptions } from './verify/settings.ts';
import { verifyStream } from './verify/verify-stream.ts';
import { runVerifyViews } from './verify-command.ts';
import { publicKeyOf, type VerifyLogOptions, verifyLogOf } from './verify-log-command.ts';

const program = cac('daybook');
const argsOf = (): readonly string[] => program.rawArgs.slice(2);
program
  .command('serve', 'Serve the GraphQL API (settings: HOST, PORT, DATABASE_URL, DAYBOOK_DATA_DIR)')
  .action(serve);
const demoCommand = program
  .command('demo', 'Serve with simulated traders (settings: as for serve, and DAYBOOK_TOKEN)')
  .example('  daybook demo --seed 7 --rate 50')
  .action(demo);
for (const [option, description] of demoOptions) demoCommand.option(option, description);
program
  .command('migrate', 'Migrate the database of DATABASE_URL to this version, then exit')
  .action(async () => {
    const { databaseUrl } = readConfig();
    if (databaseUrl === null) throw new ConfigError('DATABASE_URL is not set: migrate requires it');
    await migrate(databaseUrl);
  });
program
  .command(
    'rotate-master-key',
    'Wrap all keys of personal data by the first master key (settings: as for serve)',
  )
  .option('--new', 'Put a new master key before those of the file first')
  .action(async ({ new: isNew = false }: { readonly new?: boolean }) => {
    const count = await rotate(readConfig(), isNew);
    process.stdout.write(`keys of people that have a new master key: ${count}\n`);
  });
program
  .command(
    'rebuild [...views]',
    'Build views again from the log, compare them with the live ones, and swap them in',
  )
  .option('--accept-differences', 'Swap in a view that differs from the live one')
  .option('--undo', 'Swap back what the last rebuild of these views has replaced')
  .option('--drop', 'Drop what the last rebuild of these views has replaced')
  .example('  daybook rebuild accounts orders')
  .action(rebuild);
program
  .command('thin [...views]', 'Remove the history of views before a moment, to save space')
  .option('--before <moment>', 'A sequence or an RFC 3339 time, which can still be read')
  .option('--yes', 'Remove it; without this option, only print what would be lost')
  .example('  daybook thin --before 2026-01-01T00:00:00Z')
  .action(async (names: readonly string[], options: { before?: string; yes?: boolean }) => {
    process.exitCode = await runThin(readConfig(), { names, ...options }, terminalOf());
  });
program
  .command('token <actor>', 'Print a token for an actor, signed with DAYBOOK_JWT_SECRET')
  .option('--roles <roles>', 'The roles of the actor, such as OPERATOR,MARKET (default: CUSTOMER)')
  .option('--hours <hours>', 'The number of hours for which the token is valid', { default: 24 })
  .action(async (actor: string, given: { readonly hours: number; readonly roles?: string }) => {
    const contents = { actor, roles: readRoles(given.roles), hours: given.hours };
    process.stdout.write(`${await issueToken(readConfig().authentication, contents)}\n`);
  });
const importCommand = program
  .command('import-prices [...files]', 'Record the prices of CSV files through the API of a server')
  .example('  daybook import-prices stocks.csv sp500-2000.csv')
  .action(runImport);
for (const [option, description] of importOptions) importCommand.option(option, description);
const exportCommand = program
  .command('export', 'Write the log to files, or its events or a view to a Parquet file')
  .example('  daybook export --out backup')
  .action(() => runExport(readConfig(), readExportSettings(argsOf()), terminalOf()));
for (const [option, description] of exportOptions) exportCommand.option(option, description);
const importLogCommand = program
  .command('import', 'Restore an export into an empty database')
  .example('  daybook import --in backup')
  .action(async () => {
    await runImportLog(readConfig(), readImportDirectory(program.rawArgs.slice(2)), terminalOf());
  });
for (const [option, description] of importLogOptions) {
  importLogCommand.option(option, description);
}
const drillCommand = program
  .command('drill', 'Restore a backup elsewhere, verify it, and say what would have been lost')
  .example('  daybook drill --from backup')
  .action(async () => {
    const settings = readDrillSettings(program.rawArgs.slice(2));
    process.exitCode = await runDrillCommand(readConfig(), settings, terminalOf());
  });
for (const [option, description] of drillOptions) drillCommand.option(option, description);
const archiveCommand = program
  .command('archive', 'Move old events to files, or fetch them back')
  .example('  daybook archive --before 2026-01-01T00:00:00Z --out archive')
  .action(() => runArchive(readConfig(), readArchiveSettings(argsOf()), terminalOf()));
for (const [option, description] of archiveOptions) archiveCommand.option(option, description);
const verifyCommand = program
  .command(
    'verify-stream',
    'Check a stream that a bridge fills for gaps, repeated and foreign messages',
  )
  .example('  daybook verify-stream --kind nats --servers 127.0.0.1:4222 --stream DAYBOOK')
  .action(runVerify);
for (const [option, description] of verifyOptions) verifyCommand.option(option, description);
program
  .command('verify', 'Check the log of the database against its hashes and the signed heads')
  .option('--heads <file>', 'The file of signed heads (default: DAYBOOK_HEADS_FILE)')
  .option('--public-key <key>', 'The public key of the heads, or its file (default: the own key)')
  .option('--archive <directory>', 'The archived events (default: DAYBOOK_ARCHIVE_DIR)')
  .option('--restart', 'Begin at the first event, even if an interrupted check can continue')
  .option('--views', 'Check the documents of all views against their checksums, not the log')
  .option('--refold', 'With --views: also build the views again from the log and compare')
  .action(verify);
program
  .command('public-key', 'Print the public key of the key that signs heads of the log')
  .action(async () => {
    process.stdout.write(`${await publicKeyOf(readConfig())}\n`);
  });
program.help();

/** Valid for longer than any demo runs. */
const demoToken = { actor: 'demo', roles: ['OPERATOR', 'MARKET'], hours: 24 * 30 } as const;

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
    for (const line of linesOf(error)) process.stderr.write(`daybook: ${line}\n`);
    process.exitCode = isUsage(error) ? 2 : 1;
  }
}

/** What to print of an error: one line for each fault. */
function linesOf(error: unknown): readonly string[] {
  const lines = error instanceof BridgeSettingsError ? error.faults : [messageOf(error)];
  return lines.map((line) => line.replaceAll(/\s*\n\s*/g, ' '));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isUsage(error: unknown): boolean {
  return error instanceof UsageError || (error instanceof Error && error.name === 'CACError');
}

async function runImport(): Promise<void> {
  const settings = readImportSettings(program.rawArgs.slice(2), readClientConfig());
  // The signal is handled once, so that a second Ctrl-C ends the process at once, as by default.
  const signal = abortOnSignals('once');
  const { stdout: out, stderr: err } = process;
  process.exitCode = await importPrices(settings, { out, err, signal });
}

async function serve(): Promise<void> {
  const app = buildApp(readConfig());
  const signal = abortOnSignals('on');
  const started = await app.start();
  printReady(started);
  if (!signal.aborted) await once(signal, 'abort');
  await app.stop();
}

interface RebuildOptions {
  readonly acceptDifferences?: boolean;
  readonly undo?: boolean;
  readonly drop?: boolean;
}

async function rebuild(names: readonly string[], options: RebuildOptions): Promise<void> {
  const { acceptDifferences: acceptsDifferences = false, undo = false, drop = false } = options;
  if (undo && drop) throw new UsageError('use either --undo or --drop');
  const action = undo ? 'undo' : drop ? 'drop' : 'rebuild';
  if (action !== 'rebuild' && names.length === 0) throw new UsageError(`--${action} needs a view`);
  const { stdout: out, stderr: err } = process;
  const terminal = { out, err, signal: abortOnSignals('once') };
  const settings = { names, action, acceptsDifferences } as const;
  process.exitCode = await runRebuild(readConfig(), settings, terminal);
}

interface VerifyFlags extends VerifyLogOptions {
  readonly views?: boolean;
  readonly refold?: boolean;
}

async function verify({ views, refold, ...options }: VerifyFlags): Promise<void> {
  const { stdout: out, stderr: err } = process;
  const signal = abortOnSignals('once');
  if (views === true) {
    const terminal = { out, err, signal };
    process.exitCode = await runVerifyViews(readConfig(), { refolds: refold ?? false }, terminal);
    return;
  }
  if (refold === true) throw new UsageError('--refold needs --views');
  const print = (line: string) => out.write(`${line}\n`);
  process.exitCode = await verifyLogOf(readConfig(), options, { print, screen: err, signal });
}

/** The signal is handled once, so that a second Ctrl-C ends the process at once. */
function terminalOf() {
  const { stdout: out, stderr: err } = process;
  return { out, err, signal: abortOnSignals('once') };
}

async function runVerify(): Promise<void> {
  const settings = readVerifySettings(program.rawArgs.slice(2));
  const secrets = readSecrets();
  process.exitCode = await verifyStream(settings, {
    signal: abortOnSignals('once'),
    secret(name) {
      const value = secrets(name);
      if (value === null) throw new UsageError(`the environment variable ${name} is not set`);
      return value;
    },
    print: (line) => process.stdout.write(`${line}\n`),
    onProgress: (messages) => process.stderr.write(`${messages} messages read\n`),
  });
}

async function demo(): Promise<void> {
  const settings = readDemoSettings(program.rawArgs.slice(2));
  const config = readDemoConfig();
  const token = await readDemoToken(config);
  const app = buildApp(config);
  const signal = abortOnSignals('on');
  const started = await app.start();
  const ready = () => printReady(started, welcomeLines(started.url));
  const { database } = started;
  const url = `${started.url}/graphql`;
  const terminal = process.stdout;
  try {
    await runDemo({ ...settings, url, token, database, terminal, ready, signal });
  } finally {
    await app.stop();
  }
}

async function readDemoToken({ authentication }: Config): Promise<string | null> {
  if (authentication === null) return null;
  return readClientConfig().token ?? issueToken(authentication, demoToken);
}

function abortOnSignals(how: 'on' | 'once'): AbortSignal {
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process[how](signal, () => abort.abort());
  return abort.signal;
}

function printReady({ url, database, isOwn }: Started, more: readonly string[] = []): void {
  process.stdout.write(
    [
      '',
      `  Daybook is ready.   PostgreSQL: ${database}`,
      '',
      `  GraphiQL   ${url}/graphql   a guided tour in tabs: open this first`,
      `  WebSocket  ${url.replace('http', 'ws')}/graphql   graphql-transport-ws`,
      `  Health     ${url}/health/ready`,
      '',
      ...(more.length > 0 ? [...more, ''] : []),
      `  Press Ctrl-C to stop the server${isOwn ? ' and its PostgreSQL' : ''}.`,
      '',
    ].join('\n'),
  );
}
