/** The frames that have arrived and have not been read. */
interface FrameBuffer<Frame> {
  /** Returns whether the buffer is full. */
  push(frame: Frame): boolean;
  next(): Promise<IteratorResult<Frame, undefined>>;
  /** Resolves when every frame has been read. */
  drained(): Promise<void>;
  /** The reader gets the frames that are left, then the end, or the error. */
  end(error?: Error): void;
  /** The reader gets nothing more. */
  clear(): void;
}

/** `latestOnly`: a frame replaces the one that has not been read. */
export function createFrameBuffer<Frame>(
  framesMax: number,
  latestOnly: boolean,
): FrameBuffer<Frame> {
  let frames: Frame[] = [];
  let isEnded = false;
  let failure: Error | null = null;
  const readers: (() => void)[] = [];
  const drains: (() => void)[] = [];

  function settle(): void {
    while (readers.length > 0 && (frames.length > 0 || isEnded)) readers.shift()?.();
    if (frames.length === 0 || isEnded) for (const resolve of drains.splice(0)) resolve();
  }

  function take(): IteratorResult<Frame, undefined> {
    if (frames.length > 0) return { done: false, value: frames.shift() as Frame };
    const error = failure;
    failure = null;
    if (error !== null) throw error;
    return { done: true, value: undefined };
  }

  return {
    push(frame) {
      if (latestOnly) frames = [];
      frames.push(frame);
      settle();
      return frames.length >= framesMax && !latestOnly;
    },
    next: () =>
      new Promise((resolve, reject) => {
        readers.push(() => {
          try {
            resolve(take());
          } catch (error) {
            reject(error);
          }
        });
        settle();
      }),
    drained: () =>
      new Promise((resolve) => {
        drains.push(resolve);
        settle();
      }),
    end(error) {
      if (isEnded) return;
      isEnded = true;
      failure = error ?? null;
      settle();
    },
    clear() {
      frames = [];
      failure = null;
      isEnded = true;
      settle();
    },
  };
}
