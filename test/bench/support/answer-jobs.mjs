/** Runs the jobs that the parent process sends, one at a time; exits when the parent is gone. */
export function answerJobs(jobs) {
  process.on('message', async ({ job, input }) => {
    try {
      process.send({ result: await jobs[job](input) });
    } catch (error) {
      process.send({ error: error instanceof Error ? error.stack : String(error) });
    }
  });
  process.on('disconnect', () => process.exit());
}
