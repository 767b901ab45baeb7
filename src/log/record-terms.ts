import { crc32 } from 'node:zlib';
import { accountStreamOf } from '../kernel/account-ids.ts';
import type { CommandOutcome, PendingRecord } from '../kernel/command-record.ts';
import type { PendingEvent } from '../kernel/log.ts';

/**
 * A term is a number by which batches are found: the hash of a value that a record of the batch
 * has. Different values may have the same hash, so a reader compares the values themselves.
 */
type Term = number;

export const nameTerm = (name: string): Term => hash('n', name);
export const actorTerm = (actor: string): Term => hash('a', actor);
export const accountTerm = (accountId: string): Term => hash('k', accountId);
export const correlationTerm = (correlationId: string): Term => hash('c', correlationId);
export const outcomeTerm = (outcome: CommandOutcome): Term => hash('o', outcome);

/**
 * The term of a command's id: the time in the id, in steps of 16 ms, so that the commands of a
 * batch share one or two terms.
 */
export const idTerm = (id: string): Term => hash('i', beginningOf(id));

const beginningOf = (id: string): string => id.slice(0, 12);

/**
 * The terms of a batch. Nearly all batches have an accepted command, so that outcome has no term. A
 * correlation that begins with its command has the term of the id. An account has none if its
 * stream has events in the batch, because the index of streams finds them.
 */
export function termsOf(
  records: readonly Pick<PendingRecord, TermMember>[],
  events: readonly Pick<PendingEvent, 'streamId'>[],
): readonly Term[] {
  const terms = new Set<Term>();
  const streamIds = new Set<string>();
  for (const { streamId } of events) streamIds.add(streamId);
  // The commands of a batch have few different values of these, and each is hashed once.
  const [ids, names, actors] = [new Map<string, string>(), new Set<string>(), new Set<string>()];
  for (const { id, name, actor, outcome, correlationId, accountIds } of records) {
    ids.set(beginningOf(id), id);
    names.add(name);
    actors.add(actor);
    if (outcome !== 'ACCEPTED') terms.add(outcomeTerm(outcome));
    if (correlationId !== id) terms.add(correlationTerm(correlationId));
    for (const accountId of accountIds) {
      if (!streamIds.has(accountStreamOf(accountId))) terms.add(accountTerm(accountId));
    }
  }
  for (const id of ids.values()) terms.add(idTerm(id));
  for (const name of names) terms.add(nameTerm(name));
  for (const actor of actors) terms.add(actorTerm(actor));
  return [...terms];
}

/** The members of a record that have terms. */
type TermMember = 'id' | 'name' | 'actor' | 'outcome' | 'correlationId' | 'accountIds';

/** A signed number of 32 bits, as PostgreSQL's integer. */
function hash(kind: string, value: string): Term {
  return crc32(`${kind}:${value}`) | 0;
}
