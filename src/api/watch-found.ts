import type { JsonObject } from '../kernel/event.ts';
import type { View } from '../kernel/view.ts';
import { type DocumentState, watchableDocument } from '../views/watching/watch-document.ts';
import type { Watchable, WatchedState } from '../views/watching/watched-state.ts';
import { toApiError } from './engine-errors.ts';
import { codedError } from './errors.ts';
import type { RequestContext } from './request-context.ts';

/** The state of a document that exists. */
export type FoundState<Document> = WatchedState<
  DocumentState<Document> & { readonly document: Document }
>;

/**
 * Yields the current document of a key, then the document after each change. Throws an error with
 * the given code if there is no document; `noun` names the kind of document in its message.
 */
export async function* watchFound<Document extends JsonObject>(
  context: RequestContext,
  document: { readonly view: View<Document>; readonly noun: string; readonly key: string },
  code: string,
): AsyncGenerator<FoundState<Document>, void, undefined> {
  const { view, noun, key } = document;
  const watchable = watchableDocument(context.engine.views, view, key);
  for await (const state of watchState(context, watchable)) {
    if (!isFound(state)) throw codedError(code, `there is no ${noun} ${key}`);
    yield state;
  }
}

/**
 * Yields the current state, then each new state; throws the errors for clients. The first state is
 * not older than what this process has returned to the actor.
 */
export async function* watchState<State>(
  context: RequestContext,
  watchable: Watchable<State>,
): AsyncGenerator<WatchedState<State>, void, undefined> {
  try {
    // Watching begins at the views' checkpoint or later, so waiting for the views is enough.
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
