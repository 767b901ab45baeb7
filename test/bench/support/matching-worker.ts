import type { Book } from '../../../src/contexts/trading/matching/book.ts';
import { createExchange } from '../../support/bare-market.ts';
import { createOrderFlow, type FlowRequest } from '../../support/order-flow.ts';
import { createPeerBook, submitToPeer } from '../../support/peer-book.ts';
import { answerJobs } from './answer-jobs.mjs';

/** A matching engine alone, ours or the peer's; both get the same orders. */
answerJobs({ prepare, measure });

export interface MatchingSetup {
  readonly engine: 'daybook' | 'peer';
  /** The orders in the book before each pass, and approximately during it. */
  readonly resting: number;
  /** Trading: orders and cancels with trades. Resting: cancels alternate with resting orders. */
  readonly kind: 'trading' | 'resting';
  readonly requests: number;
}

export interface MatchingTiming {
  readonly warmUpMs: number;
  readonly measuredMs: number;
}

interface Course {
  readonly engine: MatchingSetup['engine'];
  /** The orders that fill the book, and the book that they fill. */
  readonly filling: readonly FlowRequest[];
  readonly filled: Book;
  readonly requests: readonly FlowRequest[];
}

let course: Course;

/** Prepares the same orders in every process: they follow from a seed and the book. */
function prepare({ engine, resting, kind, requests: count }: MatchingSetup): void {
  const exchange = createExchange();
  const flow = createOrderFlow({ seed: 1, resting, levels: 1_000, lotsMax: 100 }, exchange);
  function take(request: FlowRequest): FlowRequest {
    exchange.submit(request);
    return request;
  }
  const filling = Array.from({ length: resting }, () => take(flow.nextPassive()));
  const filled = exchange.book();
  const requests = Array.from({ length: count }, (_, index) => {
    if (kind === 'trading') return take(flow.next());
    return take((index % 2 === 0 ? flow.nextCancel() : null) ?? flow.nextPassive());
  });
  course = { engine, filling, filled, requests };
}

/** Repeats the orders, each time from the filled book; returns orders a second. */
function measure({ warmUpMs, measuredMs }: MatchingTiming): number {
  pass(warmUpMs);
  return pass(measuredMs);
}

function pass(durationMs: number): number {
  let done = 0;
  let ms = 0;
  while (ms < durationMs) {
    const submit = start();
    const startedAt = performance.now();
    for (const request of course.requests) submit(request);
    ms += performance.now() - startedAt;
    done += course.requests.length;
  }
  return (done / ms) * 1000;
}

/** Prepares a filled book, which is not measured. */
function start(): (request: FlowRequest) => unknown {
  const { engine, filling, filled } = course;
  if (engine === 'daybook') return createExchange(filled, filling.length).submit;
  const peer = createPeerBook();
  for (const request of filling) submitToPeer(peer, request);
  return (request) => submitToPeer(peer, request);
}
