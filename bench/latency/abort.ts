/** Ending a benchmark early. */

/** Aborts at SIGINT and SIGTERM, so that processes and files are gone when this one ends. */
export function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => controller.abort(new Error(`stopped by ${name}`)));
  }
  return controller.signal;
}
