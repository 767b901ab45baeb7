import { readFile } from 'node:fs/promises';
import type { GraphQLSchema } from 'graphql';
import { defaultLimits } from './api/transport/limits.ts';
import {
  parseTrustedDocuments,
  type TrustedDocuments,
  TrustedDocumentsError,
} from './api/transport/trusted-documents.ts';
import { type Config, ConfigError } from './config.ts';

/**
 * Reads the file of `DAYBOOK_TRUSTED_DOCUMENTS`; null if there is none.
 *
 * @throws ConfigError one line that names the variable, the file and its first fault
 */
export async function readTrustedDocuments(
  { trustedDocumentsFile: file, documents }: Pick<Config, 'trustedDocumentsFile' | 'documents'>,
  schema: GraphQLSchema,
): Promise<TrustedDocuments | null> {
  if (file === null) return null;
  try {
    return parseTrustedDocuments(await readText(file), schema, { ...defaultLimits, ...documents });
  } catch (error) {
    if (!(error instanceof TrustedDocumentsError)) throw error;
    throw new ConfigError(`DAYBOOK_TRUSTED_DOCUMENTS ${file}: ${error.message}`);
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TrustedDocumentsError(`it cannot be read: ${reason}`);
  }
}
