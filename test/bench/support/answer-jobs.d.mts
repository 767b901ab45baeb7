export type Jobs = Readonly<Record<string, (input: never) => unknown>>;

/** Answers the jobs that the parent process sends, one at a time; ends when the parent is gone. */
export function answerJobs(jobs: Jobs): void;
