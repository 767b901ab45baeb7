import type { AccountRights } from '../kernel/account-rights.ts';
import type { JsonObject } from '../kernel/event.ts';
import type { View } from '../kernel/view.ts';
import {
  type DocumentState,
  topicsOf,
  watchableDocument,
} from '../views/watching/watch-document.ts';
import type { Watchable, WatchedState } from '../views/watching/watched-state.ts';
import { toApiError } from './engine-errors.ts';
import { codedError } from './errors.ts';
import type { RequestContext } from './request-context.ts';

/** The state of a document that exists. */
export type FoundState<Document> = WatchedState<
  DocumentState<Document> & { readonly document: Document }
>;

/** A document to watch; `noun` names its kind in the message of an error. */
interface WatchedDocument<Document extends JsonObject> {
  readonly view: View<Document>;
  readonly noun: string;
  readonly key: string;
  /** The account that it belongs to. Absent: everyone may see the document. */
  accountOf?(document: Document): string;
}

/**
 * Yields the current document of a key, then the document after each change. Throws an error with
 * the given code if there is no document, and as soon as the actor may not see it.
 */
export async function* watchFound<Document extends JsonObject>(
  context: RequestContext,
  document: WatchedDocument<Document>,
  code: string,
): AsyncGenerator<FoundState<Document>, void, undefined> {
  const { noun, key } = document;
  const { visibility } = context;
  const watchable = watchableFor(context, document);
  let shownAt = -1;
  for await (const state of watchState(context, watchable)) {
    const { rights } = state.state;
    const isHidden = rights !== undefined && (rights === null || !visibility.admits(rights));
    if (isHidden || !isFound(state)) throw codedError(code, `there is no ${noun} ${key}`);
    // A change of the rights alone is no news to those who may still see the document.
    if (state.state.changedAt <= shownAt) continue;
    shownAt = state.state.changedAt;
    yield state;
  }
}

/** A document, and who may see it: undefined if that needs no answer, null if there is none. */
type GuardedState<Document> = DocumentState<Document> & {
  readonly rights?: AccountRights | null;
};

/** Watches a document together with the rights to its account, if the actor may not see all. */
function watchableFor<Document extends JsonObject>(
  { engine: { views, access }, visibility }: RequestContext,
  { view, key, accountOf }: WatchedDocument<Document>,
): Watchable<GuardedState<Document>> {
  const watchable = watchableDocument(views, view, key);
  const { rights: source } = access;
  if (accountOf === undefined || visibility.ofAll || source === null) return watchable;
  return {
    key: `guarded ${watchable.key}`,
    topics: (state) => [
      ...watchable.topics(state),
      ...(state?.document == null
        ? []
        : [{ of: topicsOf(source.view), name: accountOf(state.document) }]),
    ],
    async read(sequence) {
      const state = await watchable.read(sequence);
      if (state.document === null) return { ...state, rights: null };
      const found = await views.document(source.view, accountOf(state.document), sequence);
      return { ...state, rights: found?.document ?? null };
    },
    isNews: (before, after) =>
      watchable.isNews(before, after) ||
      JSON.stringify(before.rights?.grants) !== JSON.stringify(after.rights?.grants),
  };
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
  watched: WatchedState<GuardedState<Document>>,
): watched is FoundState<Document> {
  return watched.state.document !== null;
}
