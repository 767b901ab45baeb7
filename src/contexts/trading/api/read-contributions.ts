import { badInput } from '../../../api/errors.ts';
import {
  type Connection,
  goingOnAt,
  type PagingArgs,
  parsePage,
  toConnection,
} from '../../../api/paging.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import { readWholeList } from '../../../api/whole-list.ts';
import { streamIdOf } from '../../../kernel/decider.ts';
import { parseSequence } from '../../../kernel/moment.ts';
import { baseSequenceOf, type ReadPoint } from '../../../views/read-point.ts';
import { type Account, accountDecider } from '../../accounts/account.ts';
import { accountsView } from '../../accounts/views.ts';
import { type Contribution, concerns, contributionsOf } from '../explain/contributions.ts';
import type { FigureRule, Holder } from '../explain/figures.ts';
import type { Position } from '../views/position.ts';
import { positionsView, toPositionKey } from '../views/positions.ts';

/** A figure of an account at a read point. */
interface FigureAt {
  readonly rule: FigureRule;
  readonly account: Account;
  readonly at: ReadPoint;
}

/** The time after which a page is answered with fewer contributions than requested. */
const scanMsMax = 200;
/** The events that are read at once after those of the first page have not been enough. */
const chunkMin = 1_000;

/** Reads a page of the events that have changed a figure, up to its read point. */
export async function readContributions(
  context: RequestContext,
  figure: FigureAt,
  paging: PagingArgs,
): Promise<Connection<Contribution>> {
  const page = parsePage(paging, parseCursor);
  const { size, fromEnd } = page;
  const end = baseSequenceOf(figure.at) + 1;
  let bounds = { after: page.after ?? 0, before: Math.min(page.before ?? end, end) };
  const until = performance.now() + scanMsMax;
  const found: Contribution[] = [];
  for (let limit = size + 1; ; limit = Math.max(limit, chunkMin)) {
    const chunk = await readChunk(context, figure, { ...bounds, limit, descending: fromEnd });
    found.push(...chunk.contributions);
    const { stoppedAt } = chunk;
    const isOver = performance.now() >= until || context.signal.aborted;
    // A page that has contributions ends before the archived events; the next page fails.
    const isEnd = chunk.isArchivedBefore && found.length > 0;
    if (stoppedAt === null || found.length > size || isOver || isEnd) {
      const items = found.slice(0, size + 1);
      const connection = toConnection(page, items, (contribution) => ({
        cursor: String(contribution.event.sequence),
        node: contribution,
      }));
      if (stoppedAt === null || found.length > size) return connection;
      return goingOnAt(connection, page, String(stoppedAt));
    }
    bounds = fromEnd ? { ...bounds, before: stoppedAt } : { ...bounds, after: stoppedAt };
  }
}

interface ChunkPage {
  readonly after: number;
  readonly before: number;
  readonly limit: number;
  readonly descending: boolean;
}

/** The contributions of some events, and where to continue; null if there are no more. */
async function readChunk(context: RequestContext, figure: FigureAt, page: ChunkPage) {
  const { rule, account } = figure;
  const streamId = streamIdOf(accountDecider, account.id);
  const scanned = await context.scan({ streamId, types: rule.types }, page);
  const { events, isArchivedBefore = false } = scanned;
  const stoppedAt =
    events.length < page.limit ? scanned.stoppedAt : (events.at(-1)?.sequence ?? null);
  const inOrder = events.filter((event) => concerns(rule, event));
  if (page.descending) inOrder.reverse();
  const [first] = inOrder;
  if (first === undefined) return { contributions: [], stoppedAt, isArchivedBefore };
  const before = await readHolder(context, figure, { sequence: first.sequence - 1 });
  const contributions = [...contributionsOf(rule, before, inOrder)];
  if (page.descending) contributions.reverse();
  return { contributions, stoppedAt, isArchivedBefore };
}

/** What a figure is made of at a read point. The account exists there. */
export async function readHolder(
  { views }: Pick<RequestContext, 'views'>,
  { rule, account: { id } }: Pick<FigureAt, 'rule' | 'account'>,
  at: ReadPoint,
): Promise<Holder> {
  if (rule.isOfPositions) {
    const positions = await readPositions(views, id, rule.symbol, at);
    return { account: null, positions: new Map(positions.map((each) => [each.symbol, each])) };
  }
  const found = await views.document(accountsView, id, at);
  return { account: found?.document ?? null, positions: new Map() };
}

async function readPositions(
  views: RequestContext['views'],
  accountId: string,
  symbol: string | null,
  at: ReadPoint,
): Promise<readonly Position[]> {
  if (symbol === null) {
    return readWholeList(
      views,
      { view: positionsView, list: 'ACCOUNT', prefix: `${accountId} ` },
      at,
    );
  }
  const found = await views.document(positionsView, toPositionKey(accountId, symbol), at);
  return found === null ? [] : [found.document];
}

function parseCursor(text: string, name: string): number {
  return (
    parseSequence(text) ??
    badInput(
      `a cursor of contributions must be a sequence number, not "${text.slice(0, 50)}"`,
      name,
    )
  );
}
