import type { Client } from 'graphql-ws/client';
import { type AccessToken, createAccessToken, type TokenSource } from './access-token.ts';
import { cursorOf } from './cursor-field.ts';
import type {
  DaybookClient,
  DaybookClientOptions,
  Given,
  MutationOptions,
  OperationOptions,
  QueryOptions,
  SubscriptionOptions,
} from './daybook-client.ts';
import { type AnyDocument, createDocumentReader } from './documents.ts';
import { DaybookError } from './errors.ts';
import { addIdempotencyKeys, type OperationVariables } from './idempotency-keys.ts';
import { openLiveSocket } from './live-socket.ts';
import { sendQuery } from './operation.ts';
import type { Fetch } from './post.ts';
import type { RetryLimits, RetryNotice, WakeUps } from './retry.ts';
import { createSeenSequence } from './seen-sequence.ts';
import { createSender } from './send-command.ts';
import { createFrames } from './subscription.ts';
import { type CommandStore, storeIn, type UnfinishedCommand } from './unfinished.ts';

export type { AnyDocument, ParsedDocument, Print, TypedDocument } from './documents.ts';
export type { AnswerFault } from './errors.ts';
export type { StorageArea } from './unfinished.ts';
export type {
  CommandStore,
  DaybookClient,
  DaybookClientOptions,
  Fetch,
  Given,
  MutationOptions,
  OperationOptions,
  OperationVariables,
  QueryOptions,
  RetryNotice,
  SubscriptionOptions,
  TokenSource,
  UnfinishedCommand,
};
export { DaybookError, storeIn };

type Untyped = AnyDocument<never, never>;

const defaults = { retryForMs: 60_000, timeoutMs: 20_000, framesMax: 256 };

/** Creates a client. It connects to nothing before the first operation. */
export function createClient(options: DaybookClientOptions): DaybookClient {
  const { url, print, unfinished } = options;
  const { timeoutMs, framesMax } = { ...defaults, ...options };
  const read = createDocumentReader(print);
  const seen = createSeenSequence();
  const token = createAccessToken(options.token);
  const closing = new AbortController();
  const fetch: Fetch = options.fetch ?? ((address, init) => globalThis.fetch(address, init));
  const isClosed = (): boolean => closing.signal.aborted;
  const endpoint = { url, fetch, token, seen, timeoutMs, isClosed };
  const sender = createSender(endpoint, unfinished);
  const socket = createSocketOpener(options, token);
  const limitsOf = createLimits(options);

  return {
    async query<Result, V>(document: AnyDocument<Result, V>, ...given: Given<V, QueryOptions>) {
      const [variables = {}, queryOptions] = given;
      const { text, name } = read(document as Untyped, 'query');
      const minSequence = queryOptions?.minSequence ?? null;
      const operation = { text, name, variables: variables as OperationVariables, minSequence };
      return (await sendQuery(endpoint, operation, limitsOf('query', queryOptions))) as Result;
    },
    async mutate<Result, V>(
      document: AnyDocument<Result, V>,
      ...given: Given<V, MutationOptions>
    ): Promise<Result> {
      const [variables = {}, mutationOptions] = given;
      const { text, name, shape } = read(document as Untyped, 'mutation');
      const ownKey = mutationOptions?.idempotencyKey;
      const keyed = addIdempotencyKeys(shape, variables as OperationVariables, ownKey);
      const limits = limitsOf('mutation', mutationOptions);
      return (await sender.send({ text, name, ...keyed }, limits)) as Result;
    },
    subscribe<Result, V>(
      document: AnyDocument<Result, V>,
      ...given: Given<V, SubscriptionOptions>
    ): AsyncIterable<Result> {
      const [variables = {}, start] = given;
      const { text, name, shape } = read(document as Untyped, 'subscription');
      const cursor = cursorOf(shape, start?.after);
      const from = start?.after === undefined ? {} : { [cursor ?? '']: start.after };
      const operation = { text, name, variables: { ...variables, ...from }, cursor };
      const limits = limitsOf('subscription', start);
      const isTokenRenewable = token.isRenewable;
      const { onConnected } = socket;
      const own = { seen, isTokenRenewable, framesMax, closing: closing.signal };
      const parts = { ...own, socket, onConnected };
      const iterate = () => createFrames<Result>({ ...operation, ...limits, ...parts });
      return { [Symbol.asyncIterator]: iterate };
    },
    sequence: seen.highest,
    unfinished: sender.unfinished,
    async resend(command, resendOptions) {
      const { name } = read(command.document, 'mutation');
      return sender.resend(command, name, limitsOf('mutation', resendOptions));
    },
    close() {
      closing.abort();
      socket.close();
    },
  };
}

/** How long to retry, and until when: an operation's options come first. */
function createLimits({ retryForMs = defaults.retryForMs, onRetry }: DaybookClientOptions) {
  return function limitsOf(
    kind: RetryNotice['kind'],
    given: OperationOptions | undefined,
  ): RetryLimits {
    const usualMs = kind === 'subscription' ? Number.POSITIVE_INFINITY : retryForMs;
    return {
      signal: given?.signal ?? null,
      retryForMs: given?.retryForMs ?? usualMs,
      onRetry: (error, retry, delayMs) => onRetry?.({ kind, error, retry, delayMs }),
    };
  };
}

/** Opens the socket of a client when it is first needed. */
function createSocketOpener(options: DaybookClientOptions, token: AccessToken) {
  let client: Client | null = null;
  const onConnected: WakeUps = new Set();
  function open(): Client {
    const url = options.webSocketUrl ?? toWebSocketUrl(options.url);
    const { webSocketImpl } = options;
    client ??= openLiveSocket({
      url,
      webSocketImpl,
      token: token.fresh,
      onConnected: () => {
        for (const wake of [...onConnected]) wake();
      },
    });
    return client;
  }
  function close(): void {
    // Rejects if the connection fails meanwhile; its subscriptions have ended already.
    Promise.resolve(client?.dispose()).catch(() => {});
  }
  return Object.assign(open, { close, onConnected });
}

/** The address of a WebSocket must be absolute, unlike that of a request. */
function toWebSocketUrl(url: string): string {
  const { location } = globalThis as { readonly location?: { readonly href: string } };
  return new URL(url, location?.href).href.replace(/^http/, 'ws');
}
