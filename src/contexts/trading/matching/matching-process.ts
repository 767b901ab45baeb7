import { serverRight } from '../../../access/command-rights.ts';
import type { CommandContext, CommandDefinition } from '../../../kernel/command.ts';
import type { ProcessManager } from '../../../kernel/process-manager.ts';
import type { StoredTradingEvent } from '../events.ts';
import { bookDecider } from './book.ts';
import { type MarketSession, openSession } from './session.ts';
import { continueWork } from './work.ts';

/** The input of `continueMatching`. */
type ContinueMatching = {
  readonly symbol: string;
  /** When the timer was due, by the clock of the log; distinguishes the pauses of one book. */
  readonly dueAt?: string;
};

/**
 * Continues the work that earlier commands have left in a book. Not a mutation: it is sent by the
 * process manager, and by commands that find work left.
 */
export const continueMatching: CommandDefinition<ContinueMatching> = {
  name: 'continueMatching',
  description:
    'Continues the work that earlier commands have left in a book, up to the limit of one command.',
  right: serverRight,
  rejections: [],
  target: ({ symbol }) => ({ decider: bookDecider, id: symbol }),
  handle: ({ symbol }, context) => {
    if (context.load(bookDecider, symbol).state !== null)
      continueWork(openSession(context, symbol));
  },
};

/** Continues work that is too much for one command, immediately and without a client. */
export const matchingProcess: ProcessManager<ContinueMatching> = {
  name: 'matching',
  version: 1,
  description: 'Continues matching that a command has paused, until no work is left in the book.',
  types: ['MatchingPaused', 'MatchingFinished'],
  plan(event) {
    const { type, data } = event as unknown as StoredTradingEvent;
    if (type === 'MatchingPaused') return [{ key: data.symbol, dueAt: event.recordedAt }];
    if (type === 'MatchingFinished') return [{ key: data.symbol, dueAt: null }];
    return [];
  },
  due: ({ key, dueAt }) => ({ definition: continueMatching, input: { symbol: key, dueAt } }),
};

/**
 * Opens the market of an instrument in which no work is left. If there is work, the command is
 * decided after that work.
 */
export function openSettledSession(context: CommandContext, symbol: string): MarketSession {
  const market = openSession(context, symbol);
  if (market.book().agenda === null) return market;
  return context.decideFirst<ContinueMatching>({
    definition: continueMatching,
    input: { symbol },
    actor: `process:${matchingProcess.name}`,
  });
}
