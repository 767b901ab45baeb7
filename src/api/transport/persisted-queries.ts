import { createHash } from 'node:crypto';
import type { GraphQLError } from 'graphql';
import { LRUCache } from 'lru-cache';
import { codedError } from '../errors.ts';
import type { TrustedDocuments } from './trusted-documents.ts';

/** The parts of a request in which its document may be. */
interface DocumentSource {
  readonly method: string;
  readonly url: string;
  readonly body: string;
}

/** A request whose body may have been parsed. */
type Resolved<Request> = Omit<Request, 'body'> & { readonly body: string | JsonObject };

/** The parameters of an operation that name its document. */
interface DocumentParams {
  readonly query?: unknown;
  readonly documentId?: unknown;
  readonly extensions?: unknown;
}

/** The documents that a request can name instead of sending their text. */
export interface PersistedQueries {
  /**
   * Puts the document into a request that only names it, and keeps the document of a request that
   * has both the text and its hash. Other requests are returned as they are. An error if the
   * document is not known, upon which clients send it, or does not have the hash.
   */
  resolve<Request extends DocumentSource>(request: Request): Resolved<Request> | GraphQLError;
  /** Does the same for parameters that have been parsed. */
  complete<Params extends DocumentParams>(params: Params): Params | GraphQLError;
  /** Whether a text may contain parameters that name a document. */
  isNamedIn(text: string): boolean;
  /** Forgets the documents that clients have sent; they send them again. */
  forget(): void;
}

/** The maximum total length of the documents that are kept. */
const keptLengthMax = 512 * 1024;
const extension = 'persistedQuery';
const member = 'documentId';

/** The code and message with which clients recognize that they must send the document. */
const notFound = ['PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound'] as const;

/**
 * Finds documents by their names: trusted documents by `documentId`
 * (https://graphql.github.io/graphql-over-http/draft/#sec-Appendix-Persisted-Documents), and the
 * documents of a bounded store by the SHA-256 hash of their text, as Apollo's automatic persisted
 * queries define it (https://www.apollographql.com/docs/apollo-server/performance/apq). With
 * trusted documents, a hash finds one of these, and no other document is kept.
 */
export function createPersistedQueries(trusted: TrustedDocuments | null = null): PersistedQueries {
  const known = new LRUCache<string, string>({
    maxSize: keptLengthMax,
    sizeCalculation: (text) => text.length + 64,
  });

  /** The document to put into the request; null if it has one already. */
  function find({ query, documentId, extensions }: DocumentParams): string | GraphQLError | null {
    const text = typeof query === 'string' && query !== '' ? query : null;
    if (documentId != null && (trusted !== null || text === null)) {
      return findTrusted(trusted, documentId, text);
    }
    const hash = hashOf(extensions);
    return hash === null ? null : findHash(hash, text);
  }

  function findHash(hash: string, text: string | null): string | GraphQLError | null {
    if (text === null) {
      return trusted?.find(`sha256:${hash}`) ?? known.get(hash) ?? codedError(...notFound);
    }
    if (createHash('sha256').update(text).digest('hex') !== hash) {
      return codedError('BAD_REQUEST', 'sha256Hash is not the hash of the query');
    }
    if (trusted === null) known.set(hash, text);
    return null;
  }

  const isNamedIn = (text: string) => text.includes(extension) || text.includes(member);
  return {
    isNamedIn,
    forget: () => known.clear(),
    complete(params) {
      const found = find(params);
      if (typeof found === 'string') return Object.assign({}, params, { query: found });
      return found ?? params;
    },
    resolve(request) {
      const { method, url, body } = request;
      // Almost no request names a document, and the body is parsed once more if it does.
      if (!isNamedIn(method === 'GET' ? url : body)) return request;
      if (method === 'GET') {
        const parsed = new URL(url, 'http://localhost');
        const found = find(paramsOf(parsed.searchParams));
        if (typeof found !== 'string') return found ?? request;
        parsed.searchParams.set('query', found);
        return Object.assign({}, request, { url: parsed.pathname + parsed.search });
      }
      const params = parseObject(body);
      const found = find(params);
      if (typeof found !== 'string') return found ?? request;
      // Not as text: the depth of the variables is not known yet.
      return Object.assign({}, request, { body: { ...params, query: found } });
    },
  };
}

/** The trusted document with an id; an error if the request also has another text. */
function findTrusted(
  trusted: TrustedDocuments | null,
  documentId: unknown,
  text: string | null,
): string | GraphQLError {
  if (typeof documentId !== 'string') {
    return codedError('BAD_REQUEST', 'documentId must be a string');
  }
  if (trusted === null) {
    const message = 'this server has no trusted documents: send the query, not its documentId';
    return codedError('DOCUMENT_NOT_FOUND', message);
  }
  const found = trusted.find(documentId);
  if (found === undefined) {
    const message = `no trusted document has the documentId ${documentId.slice(0, 100)}`;
    return codedError('DOCUMENT_NOT_FOUND', message);
  }
  if (text === null || text === found) return found;
  return codedError('BAD_REQUEST', 'query is not the document of documentId: send only one');
}

type JsonObject = Record<string, unknown>;

function paramsOf(search: URLSearchParams): DocumentParams {
  const extensions = parseObject(search.get('extensions') ?? '');
  return { query: search.get('query'), documentId: search.get(member), extensions };
}

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
