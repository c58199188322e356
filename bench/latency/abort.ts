/** Ending a benchmark early. */

/** Aborts at SIGINT, SIGTERM and SIGHUP, so that processes and files are gone when this one ends. */
export function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(name, () => controller.abort(new Error(`stopped by ${name}`)));
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
