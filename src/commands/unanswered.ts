import type { Submission } from './request.ts';

/** The commands that a processor has taken and not answered, in no order. */
export interface Unanswered {
  size(): number;
  all(): readonly Submission[];
  add(submission: Taken): void;
  delete(submission: Taken): void;
}

export interface Taken extends Submission {
  /** Where it is kept among the others. */
  place: number;
}

/**
 * Not a Set: V8 links each table of a growing or shrinking one to the next. Once a table has become
 * old, all that was ever in the later ones, and what hangs on it, survives until the old generation
 * is collected: a quarter of what the commands allocate, 15 % of their time.
 */
export function createUnanswered(): Unanswered {
  const submissions: Taken[] = [];
  return {
    size: () => submissions.length,
    all: () => [...submissions],
    add(submission) {
      submission.place = submissions.push(submission) - 1;
    },
    delete(submission) {
      if (submissions[submission.place] !== submission) return;
      const last = submissions.pop();
      if (last === undefined || last === submission) return;
      last.place = submission.place;
      submissions[last.place] = last;
    },
  };
}
