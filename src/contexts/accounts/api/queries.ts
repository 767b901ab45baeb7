import type { ApiParts } from '../../../api/api-parts.ts';
import { asOfDescription } from '../../../api/as-of.ts';
import { within } from '../../../api/errors.ts';
import { parseFilterBy, parseFilterText } from '../../../api/filter-input.ts';
import { parseId } from '../../../api/input.ts';
import { type ListRequest, readListConnection } from '../../../api/list-connection.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import { access } from '../../../api/root-access.ts';
import { oneLine } from '../../../lib/one-line.ts';
import type { ReadPoint } from '../../../views/read-point.ts';
import type { Account } from '../account.ts';
import { currencyFault } from '../currencies.ts';
import { accountsView } from '../views.ts';
import { type AccountRefs, findAccount, toAccountAt } from './account.ts';
import { readOwnAccounts } from './own-accounts.ts';

/** Adds Query.account and Query.accounts. */
export function addAccountQueries({ builder }: ApiParts, { account, status }: AccountRefs): void {
  const { filter, order } = addAccountListTypes(builder, status);
  builder.queryFields((t) => ({
    account: t.field({
      extensions: access('ACCOUNTS'),
      type: account,
      nullable: true,
      description: oneLine`Returns an account, as of a moment. Null if it did not exist then, or if
        the actor may not see it now.`,
      args: {
        id: t.arg.id({ required: true, description: 'The id of the account, a UUID.' }),
        asOf: t.arg({ type: 'Moment', description: asOfDescription }),
      },
      resolve: async (_root, { id, asOf }, context) =>
        findAccount(context, parseId('id', id), await context.readPointOf(asOf)),
    }),
    accounts: t.connection(
      {
        extensions: access('ACCOUNTS'),
        type: account,
        nullable: true,
        description: oneLine`Lists the accounts that the actor may see now and that match the
          filter, as of a moment. A cursor is valid at any moment, but only with the filter, orderBy
          and descending for which it was returned.`,
        args: {
          filter: t.arg({
            type: filter,
            description: 'The filter to apply. If omitted, all accounts match.',
          }),
          orderBy: t.arg({
            type: order,
            defaultValue: 'OPENED_AT',
            description: 'The sort key.',
          }),
          descending: t.arg.boolean({
            defaultValue: false,
            description: 'Whether the sort order is reversed.',
          }),
          asOf: t.arg({ type: 'Moment', description: asOfDescription }),
        },
        resolve: async (
          _root,
          { filter: requested, orderBy, descending, asOf, ...paging },
          context,
        ) => {
          const at = await context.readPointOf(asOf);
          const request = within('filter', () =>
            toRequest(context, orderBy ?? 'OPENED_AT', requested ?? {}, at),
          );
          const list = { ...request, descending: descending ?? false };
          return readListConnection(context, list, paging, toAccountAt);
        },
      },
      { name: 'AccountConnection' },
      { name: 'AccountEdge' },
    ),
  }));
}

function addAccountListTypes(builder: ApiParts['builder'], status: AccountRefs['status']) {
  const filter = builder.inputType('AccountFilter', {
    description: 'A filter for accounts. An account must match all fields that are given.',
    fields: (t) => ({
      owner: t.string({
        description: 'The exact name of the owner. If omitted, every owner matches.',
      }),
      currency: t.string({
        description:
          'The currency, an ISO 4217 code like "USD". If omitted, every currency matches.',
      }),
      status: t.field({
        type: status,
        description: 'The status of the account. If omitted, every status matches.',
      }),
    }),
  });
  const order = builder.enumType('AccountOrder', {
    description: 'The sort key of a list of accounts. Accounts with equal keys are sorted by id.',
    values: {
      OPENED_AT: { description: 'Sorts by the time at which the account was opened.' },
      OWNER: { description: 'Sorts by the name of the owner.' },
    },
  });
  return { filter, order };
}

interface AccountFilter {
  readonly owner?: string | null | undefined;
  readonly currency?: string | null | undefined;
  readonly status?: Account['status'] | null | undefined;
}

function toRequest(
  context: RequestContext,
  list: 'OPENED_AT' | 'OWNER',
  { owner, currency, status }: AccountFilter,
  at: ReadPoint,
): ListRequest<Account> {
  const filter = {
    owner: parseFilterText('owner', owner),
    currency: parseFilterBy('currency', currencyFault, currency),
    status,
  };
  const { visibility } = context;
  // Who owns an account never changes, so its owner may see it at every moment.
  const isPlain =
    visibility.ofAll || (filter.owner != null && filter.owner === visibility.viewer());
  const read = isPlain ? {} : { read: readOwnAccounts(context, filter, at) };
  return { view: accountsView, list, filter, at, ...read };
}
