export type Jobs = Readonly<Record<string, (input: never) => unknown>>;

/** Runs the jobs that the parent process sends, one at a time; exits when the parent is gone. */
export function answerJobs(jobs: Jobs): void;
