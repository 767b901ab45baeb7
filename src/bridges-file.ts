import { readFile } from 'node:fs/promises';
import type { GraphQLSchema } from 'graphql';
import { commandFieldsOf } from './api/command-documents.ts';
import type { ApiModule } from './api/schema.ts';
import {
  BridgeSettingsError,
  type BridgesSettings,
  parseBridgeSettings,
} from './bridges/settings.ts';
import type { Secrets } from './bridges/targets/secrets.ts';
import type { Config } from './config.ts';

/** The bridges of the configuration, and their secrets. */
interface ConfiguredBridges {
  readonly settings: BridgesSettings;
  readonly secret: Secrets;
}

/**
 * Reads the file of `DAYBOOK_BRIDGES`; null if there is none. Throws `BridgeSettingsError` with
 * every fault in one line, which names the variable, the file and the path in it.
 */
export async function readBridges(
  { bridgesFile: file, secret }: Pick<Config, 'bridgesFile' | 'secret'>,
  modules: readonly ApiModule[],
  schema: GraphQLSchema,
): Promise<ConfiguredBridges | null> {
  if (file === null) return null;
  const contexts = modules.map(({ context }) => context);
  try {
    const settings = parseBridgeSettings(await readText(file), {
      types: new Set(contexts.flatMap(({ events }) => Object.keys(events))),
      contexts: new Set(contexts.map(({ name }) => name)),
      views: new Set(contexts.flatMap(({ views }) => views.map(({ name }) => name))),
      commands: commandFieldsOf(schema),
      hasSecret: (name) => secret(name) !== null,
    });
    return { settings, secret: (name) => secret(name) ?? missing(name) };
  } catch (error) {
    if (!(error instanceof BridgeSettingsError)) throw error;
    throw new BridgeSettingsError(error.faults.map((fault) => `DAYBOOK_BRIDGES ${file}: ${fault}`));
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BridgeSettingsError([`cannot be read: ${reason}`]);
  }
}

function missing(name: string): never {
  throw new Error(`the environment variable ${name} is not set`);
}
