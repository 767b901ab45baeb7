import type { PersistedQueries } from './persisted-queries.ts';

/**
 * Prepares a message for graphql-ws, which closes the socket if a subscribe message has no query,
 * even if it names its document. The message gets an empty query; `complete` puts in the document.
 *
 * It is not made a text again, as the depth of its variables is not known yet: graphql-ws accepts a
 * message that is parsed, although its types do not say so.
 */
export function withQuery({ isNamedIn }: PersistedQueries, text: string): string {
  if (!isNamedIn(text)) return text;
  let message: { readonly payload?: { query?: unknown } | null } | null;
  try {
    message = JSON.parse(text);
  } catch {
    return text;
  }
  const payload = message?.payload;
  if (typeof payload !== 'object' || payload === null || payload.query != null) return text;
  payload.query = '';
  return message as unknown as string;
}
