import type { Client } from 'graphql-ws/client';
import { createAccessToken, type TokenSource } from './access-token.ts';
import type { RootField } from './document-shape.ts';
import { type AnyDocument, createDocumentReader, type Print } from './documents.ts';
import { DaybookError } from './errors.ts';
import { addIdempotencyKeys, type Variables } from './idempotency-keys.ts';
import { openLiveSocket } from './live-socket.ts';
import { type Endpoint, sendQuery } from './operation.ts';
import type { Fetch } from './post.ts';
import type { RetryLimits, RetryNotice } from './retry.ts';
import { createSeenSequence } from './seen-sequence.ts';
import { createSender } from './send-command.ts';
import { createFrames } from './subscription.ts';
import type { CommandStore, UnfinishedCommand } from './unfinished.ts';

export { DaybookError };

export interface DaybookClientOptions {
  /** The endpoint, such as `https://daybook.example.com/graphql`. */
  readonly url: string;
  /** If omitted, it is `url` with `ws` instead of `http`. */
  readonly webSocketUrl?: string;
  /** A token, or a function that is called for a new one when it is needed. */
  readonly token?: TokenSource;
  /** If omitted, the global one. */
  readonly fetch?: Fetch;
  /** Required where there is no global WebSocket, as in Node.js 20: that of the package ws. */
  readonly webSocketImpl?: unknown;
  /** Turns parsed documents into texts; `print` of graphql. */
  readonly print?: Print;
  /** Where commands are kept before they are sent. If omitted, they are not kept. */
  readonly unfinished?: CommandStore;
  /** How long queries and mutations are retried after the first failure; 60,000 ms. */
  readonly retryForMs?: number;
  /** How long one request may take; 20,000 ms. */
  readonly timeoutMs?: number;
  /** How many frames may wait for the reader of a subscription with a cursor; 256. */
  readonly framesMax?: number;
  /** Called before each retry, so that a page can show that it is reconnecting. */
  readonly onRetry?: (notice: RetryNotice) => void;
}

export interface QueryOptions {
  /** Ends waiting: the operation rejects with the signal's reason, a subscription just ends. */
  readonly signal?: AbortSignal;
  /** How long to retry; if omitted, as the client does, or for a subscription without end. */
  readonly retryForMs?: number;
}

export interface ReadOptions extends QueryOptions {
  /** The lowest sequence number to read at, in addition to what the client has been shown. */
  readonly minSequence?: string;
}

export interface MutationOptions extends QueryOptions {
  /** The key of the only command of the mutation. If omitted, the client makes one. */
  readonly idempotencyKey?: string;
}

export interface SubscriptionStart extends QueryOptions {
  /** The sequence number after which to begin, for the variable of the argument `after`. */
  readonly after?: string;
}

/** Variables and options; the variables may be omitted if none of them is required. */
export type Given<V, Options> =
  Record<never, never> extends V
    ? [variables?: V | undefined, options?: Options]
    : [variables: V, options?: Options];

/** A client of a Daybook server, or of several servers behind one address. */
export interface DaybookClient {
  /**
   * Returns the data of a query. It is never older than what this client has been shown before.
   * Throws DaybookError.
   */
  query<Result = unknown, V = Variables>(
    document: AnyDocument<Result, V>,
    ...given: Given<V, ReadOptions>
  ): Promise<Result>;
  /**
   * Returns the data of a mutation, whose commands are recorded at most once. Each command gets an
   * idempotency key before it is sent, and a lost answer is asked for under the same key. A
   * mutation whose inputs can get no key is not retried. Throws DaybookError.
   */
  mutate<Result = unknown, V = Variables>(
    document: AnyDocument<Result, V>,
    ...given: Given<V, MutationOptions>
  ): Promise<Result>;
  /**
   * Iterates over the frames of a subscription, across lost connections. If a variable is passed to
   * the argument `after`, every frame arrives once and in order. Otherwise the frames are states:
   * none is older than the previous one, and a slow reader gets the latest. Throws DaybookError.
   */
  subscribe<Result = unknown, V = Variables>(
    document: AnyDocument<Result, V>,
    ...given: Given<V, SubscriptionStart>
  ): AsyncIterable<Result>;
  /** The highest sequence number that this client has been shown; null before the first answer. */
  sequence(): string | null;
  /** The commands in the store whose outcome is not known, without those that are under way. */
  unfinished(): Promise<readonly UnfinishedCommand[]>;
  /** Sends such a command again under its key. Returns its data, the stored answer if there is one. */
  resend(command: UnfinishedCommand, options?: QueryOptions): Promise<unknown>;
  /** Ends all subscriptions and retries. A request that has been sent is still answered. */
  close(): void;
}

/** Fields of Subscription that lose frames without a cursor. A test compares it with the schema. */
export const cursorFields: readonly string[] = ['events', 'trades', 'orderBookDeltas'];

const defaults = { retryForMs: 60_000, timeoutMs: 20_000, framesMax: 256 };

export function createClient(options: DaybookClientOptions): DaybookClient {
  const { retryForMs, timeoutMs, framesMax } = { ...defaults, ...options };
  const read = createDocumentReader(options.print);
  const seen = createSeenSequence();
  const token = createAccessToken(options.token);
  const closing = new AbortController();
  const fetch: Fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
  const isClosed = (): boolean => closing.signal.aborted;
  const endpoint: Endpoint = { url: options.url, fetch, token, seen, timeoutMs, isClosed };
  const sender = createSender(endpoint, options.unfinished);
  let socket: Client | null = null;

  function openSocket(): Client {
    const url = options.webSocketUrl ?? toWebSocketUrl(options.url);
    const { webSocketImpl } = options;
    socket ??= openLiveSocket({ url, webSocketImpl, token: token.fresh });
    return socket;
  }

  function limitsOf(
    kind: RetryNotice['kind'],
    given: QueryOptions | undefined,
    usualMs = retryForMs,
  ): RetryLimits {
    return {
      signal: given?.signal ?? null,
      retryForMs: given?.retryForMs ?? usualMs,
      onRetry: (error, retry, delayMs) => options.onRetry?.({ kind, error, retry, delayMs }),
    };
  }

  return {
    async query<Result, V>(document: AnyDocument<Result, V>, ...given: Given<V, ReadOptions>) {
      const [variables = {}, readOptions] = given;
      const { text, shape } = read(document as AnyDocument<never, never>, 'query');
      const minSequence = readOptions?.minSequence ?? null;
      const operation = { text, name: shape.name, variables: variables as Variables, minSequence };
      return (await sendQuery(endpoint, operation, limitsOf('query', readOptions))) as Result;
    },
    async mutate<Result, V>(document: AnyDocument<Result, V>, ...given: Given<V, MutationOptions>) {
      const [variables = {}, mutationOptions] = given;
      const { text, shape } = read(document as AnyDocument<never, never>, 'mutation');
      const keyed = addIdempotencyKeys(
        shape,
        variables as Variables,
        mutationOptions?.idempotencyKey,
      );
      const mutation = { text, name: shape.name, ...keyed };
      return (await sender.send(mutation, limitsOf('mutation', mutationOptions))) as Result;
    },
    subscribe<Result, V>(document: AnyDocument<Result, V>, ...given: Given<V, SubscriptionStart>) {
      const [variables = {}, start] = given;
      const { text, shape } = read(document as AnyDocument<never, never>, 'subscription');
      const cursor = cursorOf(shape.fields, start?.after);
      const from = start?.after === undefined ? {} : { [cursor ?? '']: start.after };
      const limits = limitsOf('subscription', start, Number.POSITIVE_INFINITY);
      return {
        [Symbol.asyncIterator]: () =>
          createFrames<Result>({
            ...limits,
            text,
            operationName: shape.name,
            variables: { ...variables, ...from },
            cursor,
            socket: openSocket,
            seen,
            isTokenRenewable: token.isRenewable,
            framesMax,
            closing: closing.signal,
          }),
      };
    },
    sequence: seen.highest,
    unfinished: sender.unfinished,
    resend(command, resendOptions) {
      const { shape } = read(command.document, 'mutation');
      return sender.resend(command, shape.name, limitsOf('mutation', resendOptions));
    },
    close() {
      closing.abort();
      // Rejects if the socket is not open yet; its subscriptions have ended already.
      Promise.resolve(socket?.dispose()).catch(() => {});
    },
  };
}

/** The variable for the cursor of a subscription; null if its frames are states. */
function cursorOf([field]: readonly RootField[], after: string | undefined): string | null {
  const cursor = field?.variables.get('after') ?? null;
  if (cursor !== null) return cursor;
  if (after === undefined && !cursorFields.includes(field?.name ?? '')) return null;
  const message = `declare a variable and pass it to ${field?.name}(after:), to resume after a cut`;
  throw new DaybookError('CURSOR_REQUIRED', message);
}

/** Resolves the address of a page first, because a WebSocket's must be absolute. */
function toWebSocketUrl(url: string): string {
  const { location } = globalThis as { readonly location?: { readonly href: string } };
  return new URL(url, location?.href).href.replace(/^http/, 'ws');
}
