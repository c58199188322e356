/** Ending a benchmark early. */

/** A terminal sends its signals to a command and to the program that it has started, to which the command hands them on: that is one. */
const oneSignalMs = 1_000;

/**
 * Aborts at SIGINT, SIGTERM and SIGHUP, so that processes and files are gone when this one ends; the reason names the signal. The same one again,
 * after more than `oneSignalMs`, ends this process at once.
 */
export function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    let cameMs: number | undefined;
    const came = (): void => {
      cameMs ??= performance.now();
      controller.abort(new Error(`stopped by ${name}`));
      if (performance.now() - cameMs <= oneSignalMs) return;
      process.removeListener(name, came);
      process.kill(process.pid, name);
    };
    process.on(name, came);
  }
  return controller.signal;
}

/**
 * Runs `act`. `kill` is called as soon as the signal aborts, and in any case at the end, so that no process is left. Rejects with the
 * signal's reason if that is why `act` rejected: what a killed process leads to is not what went wrong.
 */
export async function killingAtEnd<T>(
  signal: AbortSignal | undefined,
  kill: () => void,
  act: () => Promise<T>,
): Promise<T> {
  signal?.addEventListener('abort', kill);
  try {
    return await act();
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', kill);
    kill();
  }
}
