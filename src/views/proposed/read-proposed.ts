import type { Executor } from '../../postgres/database.ts';
import { touchedBy } from '../building/fold.ts';
import type { AnyView } from '../lists/placement.ts';
import {
  type DocumentAt,
  type ListedDocument,
  type ListPage,
  readDocument,
  readDocuments,
  readList,
} from '../read.ts';
import type { WouldBe } from '../read-point.ts';
import { changedDocument, createOverlay, mergePage, type Overlay, widenPage } from './overlay.ts';

/** A view, and the id under which its documents are stored. */
export interface StoredView {
  readonly id: number;
  readonly view: AnyView;
}

/** Reads views at the state that would result from a dry run; that state is not stored. */
interface ProposedReader {
  document(stored: StoredView, key: string, at: WouldBe): Promise<DocumentAt | null>;
  list(stored: StoredView, page: ListPage, at: WouldBe): Promise<readonly ListedDocument[]>;
}

/**
 * Folds the proposed events once for each view and dry run. A page costs one more read than usual,
 * and one more entry for each changed document in its list.
 */
export function createProposedReader(executor: Executor): ProposedReader {
  const known = new WeakMap<WouldBe, Map<number, Promise<Overlay>>>();

  function overlayOf(stored: StoredView, at: WouldBe): Promise<Overlay> {
    const ofDryRun = known.get(at) ?? new Map<number, Promise<Overlay>>();
    known.set(at, ofDryRun);
    const overlay = ofDryRun.get(stored.id) ?? readOverlay(executor, stored, at);
    ofDryRun.set(stored.id, overlay);
    return overlay;
  }

  return {
    async document(stored, key, at) {
      const changed = changedDocument(await overlayOf(stored, at), key);
      return changed === undefined ? readDocument(executor, stored.id, key, at.sequence) : changed;
    },
    async list(stored, page, at) {
      const overlay = await overlayOf(stored, at);
      const read = await readList(executor, stored.id, widenPage(overlay, page), at.sequence);
      return mergePage(overlay, page, read);
    },
  };
}

async function readOverlay(
  executor: Executor,
  { id, view }: StoredView,
  { events, sequence }: WouldBe,
): Promise<Overlay> {
  const touched = touchedBy(view, events);
  return createOverlay(
    view,
    touched,
    await readDocuments(executor, id, [...touched.keys], sequence),
  );
}
