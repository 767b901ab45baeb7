import { createHash } from 'node:crypto';
import { type GraphQLSchema, parse, validate } from 'graphql';
import { createDocumentCheck } from './documents.ts';
import { defaultLimits, type OperationLimits } from './limits.ts';

/** The only documents that a server runs, by their ids. */
export interface TrustedDocuments {
  /** The text with an id, or with `sha256:` and the hash of the text. */
  find(id: string): string | undefined;
  has(text: string): boolean;
}

/** A file of trusted documents is not valid; the message is one line. */
export class TrustedDocumentsError extends Error {
  readonly code = 'BAD_TRUSTED_DOCUMENTS';
}

/**
 * Reads a JSON object of ids and documents, as Relay's compiler and the client preset of
 * graphql-codegen write it. Every document must be valid for the schema and within the limits.
 *
 * @throws TrustedDocumentsError
 */
export function parseTrustedDocuments(
  text: string,
  schema: GraphQLSchema,
  limits: OperationLimits = defaultLimits,
): TrustedDocuments {
  const entries = Object.entries(parseMap(text));
  if (entries.length === 0) throw new TrustedDocumentsError('it has no document');
  const check = createDocumentCheck({ schema, limits }, { parse, validate });
  const byId = new Map<string, string>();
  const byHash = new Map<string, string>();
  for (const [id, document] of entries) {
    const shown = JSON.stringify(id.slice(0, 100));
    if (id === '') throw new TrustedDocumentsError('the id of a document is empty');
    if (typeof document !== 'string') {
      throw new TrustedDocumentsError(`the document ${shown} is not a string`);
    }
    const checked = check(document);
    if (!('document' in checked)) {
      const fault = checked[0]?.message.replaceAll(/\s+/g, ' ');
      throw new TrustedDocumentsError(`the document ${shown} is not valid: ${fault}`);
    }
    byId.set(id, document);
    byHash.set(`sha256:${createHash('sha256').update(document).digest('hex')}`, document);
  }
  const texts = new Set(byId.values());
  return {
    find: (id) => byId.get(id) ?? byHash.get(id),
    has: (document) => texts.has(document),
  };
}

function parseMap(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replaceAll(/\s+/g, ' ') : String(error);
    throw new TrustedDocumentsError(`it is not JSON: ${reason}`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new TrustedDocumentsError('it must be a JSON object of ids and documents');
}
