import { createHash } from 'node:crypto';
import type { GraphQLError } from 'graphql';
import { LRUCache } from 'lru-cache';
import { codedError } from '../errors.ts';

/** The parts of a request in which its document may be. */
interface DocumentSource {
  readonly method: string;
  readonly url: string;
  readonly body: string;
}

/** A request whose body may have been parsed. */
type Resolved<Request> = Omit<Request, 'body'> & { readonly body: string | JsonObject };

interface PersistedQueries {
  /**
   * Puts the document into a request that has only the hash of it, and keeps the document of a
   * request that has both. Other requests are returned as they are. An error if the document is not
   * known, upon which clients send it, or does not have the hash.
   */
  resolve<Request extends DocumentSource>(request: Request): Resolved<Request> | GraphQLError;
}

/** The maximum total length of the documents that are kept. */
const keptLengthMax = 512 * 1024;
const extension = 'persistedQuery';

/** The code and message with which clients recognize that they must send the document. */
const notFound = ['PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound'] as const;

/**
 * Creates a bounded store of documents by the SHA-256 hash of their text, as Apollo's automatic
 * persisted queries define it: https://www.apollographql.com/docs/apollo-server/performance/apq.
 */
export function createPersistedQueries(): PersistedQueries {
  const known = new LRUCache<string, string>({
    maxSize: keptLengthMax,
    sizeCalculation: (text) => text.length + 64,
  });

  /** The document to put into the request; null if it has one already. */
  function find(hash: string, query: unknown): string | GraphQLError | null {
    if (typeof query !== 'string' || query === '') {
      return known.get(hash) ?? codedError(...notFound);
    }
    if (createHash('sha256').update(query).digest('hex') !== hash) {
      return codedError('BAD_REQUEST', 'sha256Hash is not the hash of the query');
    }
    known.set(hash, query);
    return null;
  }

  return {
    resolve(request) {
      const { method, url, body } = request;
      // Almost no request has the extension, and the body is parsed once more if it has.
      if (!(method === 'GET' ? url : body).includes(extension)) return request;
      if (method === 'GET') {
        const parsed = new URL(url, 'http://localhost');
        const { searchParams } = parsed;
        const hash = hashOf(parseObject(searchParams.get('extensions') ?? ''));
        const found = hash === null ? null : find(hash, searchParams.get('query'));
        if (typeof found !== 'string') return found ?? request;
        searchParams.set('query', found);
        return Object.assign({}, request, { url: parsed.pathname + parsed.search });
      }
      const params = parseObject(body);
      const hash = hashOf(params['extensions']);
      const found = hash === null ? null : find(hash, params['query']);
      if (typeof found !== 'string') return found ?? request;
      // Not as text: the depth of the variables is not known yet.
      return Object.assign({}, request, { body: { ...params, query: found } });
    },
  };
}

type JsonObject = Record<string, unknown>;

/** The members of a JSON object; none if the text is anything else. */
function parseObject(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function hashOf(extensions: unknown): string | null {
  const persisted = isObject(extensions) ? extensions[extension] : null;
  const hash = isObject(persisted) && persisted['version'] === 1 ? persisted['sha256Hash'] : null;
  return typeof hash === 'string' ? hash : null;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
