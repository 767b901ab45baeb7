import type { ReadPage } from '../../../api/list-connection.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import { readWholeList } from '../../../api/whole-list.ts';
import type { Cursor, ListedDocument, ListPage } from '../../../views/read.ts';
import type { ReadPoint } from '../../../views/read-point.ts';
import type { Account } from '../account.ts';
import { accountsView } from '../views.ts';

/** The members of an account by which its lists can be filtered. */
type Filter = Partial<Record<'owner' | 'currency' | 'status', string | null | undefined>>;

/**
 * Creates what reads the accounts that the actor may see now, as they were at a read point. It
 * reads no entry of another account.
 */
export function readOwnAccounts(
  context: RequestContext,
  filter: Filter,
  at: ReadPoint,
): ReadPage<Account> {
  return async (page) => {
    const viewer = context.visibility.viewer();
    if (viewer === null) return [];
    const now = typeof at === 'number' ? at : await context.visibility.now();
    const found: ListedDocument<Account>[] = [];
    let rest: ListPage = { ...page, list: `VIEWER_${page.list}`, filter: { viewer } };
    for (;;) {
      const own = await context.views.list(accountsView, rest, now);
      const then = await Promise.all(own.map((listed) => asOf(context, listed, at)));
      for (const listed of then) {
        if (listed !== null && matches(listed.document, filter)) found.push(listed);
      }
      const last = own.at(-1);
      if (last === undefined || own.length < page.limit || found.length >= page.limit) {
        return found.slice(0, page.limit);
      }
      rest = continueAt(rest, { position: last.position, key: last.key });
    }
  };
}

/** The account as it was at a read point; null if it did not exist then. */
async function asOf(
  { views }: RequestContext,
  listed: ListedDocument<Account>,
  at: ReadPoint,
): Promise<ListedDocument<Account> | null> {
  if (typeof at === 'number') return listed;
  const found = await views.document(accountsView, listed.key, at);
  // When an account was opened and by whom never changes, so its place in the list is the same.
  return found && { ...found, position: listed.position };
}

function matches(account: Account, filter: Filter): boolean {
  return (['owner', 'currency', 'status'] as const).every(
    (name) => filter[name] == null || filter[name] === account[name],
  );
}

function continueAt(page: ListPage, cursor: Cursor): ListPage {
  return page.descending ? { ...page, before: cursor } : { ...page, after: cursor };
}

/** The ids of the accounts that the actor may see, up to one more than `countMax`. */
export async function readOwnAccountIds(
  context: RequestContext,
  countMax: number,
): Promise<readonly string[]> {
  const viewer = context.visibility.viewer();
  if (viewer === null) return [];
  const list = { view: accountsView, list: 'VIEWER_OPENED_AT', filter: { viewer } };
  const now = await context.visibility.now();
  const own = await readWholeList(context.views, { ...list, documentsMax: countMax }, now);
  return own.map(({ id }) => id).slice(0, countMax + 1);
}
