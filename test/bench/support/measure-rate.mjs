/**
 * Keeps `concurrency` pieces of work running for the warm-up and the measured time. Counts those
 * that ended in the measured time. Failed ones are counted separately, with the first error.
 */
export async function measureRate({ concurrency, warmUpMs, measuredMs }, work) {
  const startAt = performance.now() + warmUpMs;
  const endAt = startAt + measuredMs;
  let done = 0;
  let failed = 0;
  let failure = null;

  async function keepBusy() {
    for (let now = 0; now < endAt; ) {
      let isDone = true;
      try {
        await work();
      } catch (error) {
        isDone = false;
        failure ??= String(error);
      }
      now = performance.now();
      if (now < startAt || now >= endAt) continue;
      if (isDone) done += 1;
      else failed += 1;
    }
  }

  await Promise.all(Array.from({ length: concurrency }, keepBusy));
  return { perSecond: (done / measuredMs) * 1000, failed, failure };
}
