import type { JsonObject } from '../kernel/event.ts';
import type { View } from '../kernel/view.ts';
import { type DocumentState, watchableDocument } from '../views/watching/watch-document.ts';
import type { Watchable, WatchedState } from '../views/watching/watched-state.ts';
import { toApiError } from './engine-errors.ts';
import { codedError } from './errors.ts';
import type { RequestContext } from './request-context.ts';

/** A state of a document that exists. */
export type FoundState<Document> = WatchedState<
  DocumentState<Document> & { readonly document: Document }
>;

/**
 * The document of a key as it is now, then after each change; without one it ends with an error of
 * the given code.
 */
export async function* watchFound<Document extends JsonObject>(
  context: RequestContext,
  { view, key }: { readonly view: View<Document>; readonly key: string },
  code: string,
): AsyncGenerator<FoundState<Document>, void, undefined> {
  const watchable = watchableDocument(context.engine.views, view, key);
  for await (const state of watchState(context, watchable)) {
    if (!isFound(state)) throw codedError(code, `there is no ${key} in ${view.name}`);
    yield state;
  }
}

/**
 * What is watched as it is now, then as it changes; with the errors that a client may know. The
 * first state is not older than what the actor has been answered before.
 */
export async function* watchState<State>(
  context: RequestContext,
  watchable: Watchable<State>,
): AsyncGenerator<WatchedState<State>, void, undefined> {
  try {
    // What is watched begins where the views are, at the earliest.
    await context.pinnedSequence();
    yield* context.engine.watcher.watch(watchable, context.signal);
  } catch (error) {
    throw toApiError(error);
  }
}

function isFound<Document>(
  watched: WatchedState<DocumentState<Document>>,
): watched is FoundState<Document> {
  return watched.state.document !== null;
}
