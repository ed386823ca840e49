/** Time between two looks at the parent process, in ms. */
const PARENT_CHECK_MS = 200;

/**
 * Calls `stop` once when the process is asked to end: by SIGTERM, by SIGINT, or by the end of its parent if npm has started it. npm
 * passes a signal on only to the shell between the two, which dies of it and leaves this process running. A second signal ends the
 * process at once, with status 1.
 * @param stop receives what has happened, for the log
 */
export function onTermination(stop: (cause: string) => void): void {
  let stopping = false;
  const stopOnce = (cause: string) => {
    clearInterval(parentCheck);
    if (stopping) return;
    stopping = true;
    stop(cause);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) endProcess(1);
      stopOnce(signal);
    });
  }
  const parent = process.ppid;
  const parentCheck = setInterval(() => {
    if (process.ppid !== parent) stopOnce('npm has ended');
  }, PARENT_CHECK_MS).unref();
  // Without npm the end of the parent asks for nothing: `nohup` leaves the server running on purpose.
  if (process.env.npm_lifecycle_event === undefined) clearInterval(parentCheck);
}

/** Ends the process. A handler of `exit` that throws, such as that of a log on a full disk, does not keep the process alive. */
export function endProcess(status: number): never {
  try {
    return process.exit(status);
  } catch {
    // The handlers run once.
    return process.exit(status);
  }
}
