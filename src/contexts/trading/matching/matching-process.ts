import type { CommandContext, CommandDefinition } from '../../../kernel/command.ts';
import type { ProcessManager } from '../../../kernel/process-manager.ts';
import type { StoredTradingEvent } from '../events.ts';
import { bookDecider } from './book.ts';
import { type MarketSession, openSession } from './session.ts';
import { continueWork } from './work.ts';

export type ContinueMatching = {
  readonly symbol: string;
  /** A time that has come by the clock of the log; names this pause among all of the book. */
  readonly dueAt?: string;
};

/** Not a mutation: the process manager of matching sends it, and commands that come upon a pause. */
export const continueMatching: CommandDefinition<ContinueMatching> = {
  name: 'continueMatching',
  description:
    'Goes on with what earlier commands have set off in a book, as far as one command goes.',
  rejections: [],
  target: ({ symbol }) => ({ decider: bookDecider, id: symbol }),
  handle: ({ symbol }, context) => {
    if (context.load(bookDecider, symbol).state !== null)
      continueWork(openSession(context, symbol));
  },
};

/** Works off what is more than one command does, by itself and at once. */
export const matchingProcess: ProcessManager<ContinueMatching> = {
  name: 'matching',
  version: 1,
  description: 'Goes on with matching where a command has paused it, until all is done.',
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
 * The market of an instrument with nothing left to be done in it. A command that comes upon a pause is
 * decided after what was there before it.
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
