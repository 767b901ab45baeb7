import type { JsonObject } from '../kernel/event.ts';
import type { View } from '../kernel/view.ts';
import { type DocumentState, watchableDocument } from '../views/watch-document.ts';
import type { Watchable, WatchedState } from '../views/watched-state.ts';
import { toApiError } from './engine-errors.ts';
import type { EngineParts } from './engine-parts.ts';
import { codedError } from './errors.ts';

/** A state of a document that exists. */
export type FoundState<Document> = WatchedState<
  DocumentState<Document> & { readonly document: Document }
>;

export interface WatchOptions {
  /** The code of the error by which a subscription ends to something that does not exist. */
  readonly code: string;
  readonly signal: AbortSignal;
}

/** The document of a key as it is now, then after each change; ends with an error without one. */
export async function* watchFound<Document extends JsonObject>(
  engine: EngineParts,
  view: View<Document>,
  key: string,
  { code, signal }: WatchOptions,
): AsyncGenerator<FoundState<Document>, void, undefined> {
  for await (const state of watchState(
    engine,
    watchableDocument(engine.views, view, key),
    signal,
  )) {
    if (!isFound(state)) throw codedError(code, `there is no ${key} in ${view.name}`);
    yield state;
  }
}

/** What is watched as it is now, then as it changes; with the errors that a client may know. */
export async function* watchState<State>(
  engine: EngineParts,
  watchable: Watchable<State>,
  signal: AbortSignal,
): AsyncGenerator<WatchedState<State>, void, undefined> {
  try {
    yield* engine.watcher.watch(watchable, signal);
  } catch (error) {
    throw toApiError(error);
  }
}

function isFound<Document>(
  watched: WatchedState<DocumentState<Document>>,
): watched is FoundState<Document> {
  return watched.state.document !== null;
}
