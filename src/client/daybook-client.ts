import type { TokenSource } from './access-token.ts';
import type { AnyDocument, Print } from './documents.ts';
import type { OperationVariables } from './idempotency-keys.ts';
import type { Fetch } from './post.ts';
import type { RetryNotice } from './retry.ts';
import type { CommandStore, UnfinishedCommand } from './unfinished.ts';

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

export interface OperationOptions {
  /** Ends waiting: the operation rejects with the signal's reason, a subscription just ends. */
  readonly signal?: AbortSignal;
  /** How long to retry; if omitted, as the client does, or for a subscription without end. */
  readonly retryForMs?: number;
}

export interface QueryOptions extends OperationOptions {
  /** The lowest sequence number to read at, in addition to what the client has been shown. */
  readonly minSequence?: string;
}

export interface MutationOptions extends OperationOptions {
  /** The key of the only command of the mutation. If omitted, the client makes one. */
  readonly idempotencyKey?: string;
}

export interface SubscriptionOptions extends OperationOptions {
  /** The sequence number after which to begin, for the variable of the argument `after`. */
  readonly after?: string;
}

/** OperationVariables and options; the variables may be omitted if none of them is required. */
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
  query<Result = unknown, V = OperationVariables>(
    document: AnyDocument<Result, V>,
    ...given: Given<V, QueryOptions>
  ): Promise<Result>;
  /**
   * Returns the data of a mutation, whose commands are recorded at most once. Each command gets an
   * idempotency key before it is sent, and a lost answer is asked for under the same key. A
   * mutation whose inputs can get no key is not retried. Throws DaybookError.
   */
  mutate<Result = unknown, V = OperationVariables>(
    document: AnyDocument<Result, V>,
    ...given: Given<V, MutationOptions>
  ): Promise<Result>;
  /**
   * Iterates over the frames of a subscription, across lost connections. If a variable is passed to
   * the argument `after`, every frame arrives once and in order. Otherwise the frames are states:
   * none is older than the previous one, and a slow reader gets the latest. Throws DaybookError.
   */
  subscribe<Result = unknown, V = OperationVariables>(
    document: AnyDocument<Result, V>,
    ...given: Given<V, SubscriptionOptions>
  ): AsyncIterable<Result>;
  /** The highest sequence number that this client has been shown; null before the first answer. */
  sequence(): string | null;
  /** The commands in the store whose outcome is not known, without those that are under way. */
  unfinished(): Promise<readonly UnfinishedCommand[]>;
  /** Sends such a command again under its key, and returns the data of its answer. */
  resend(command: UnfinishedCommand, options?: OperationOptions): Promise<unknown>;
  /** Ends all subscriptions and retries. A request that has been sent is still answered. */
  close(): void;
}
