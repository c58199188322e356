/**
 * Bounded waits. Everything a test waits for has a name and a deadline, so that a hang is a sentence and not a timeout of the
 * whole run.
 */

/**
 * How long something may take that should happen at once. Generous, because tests of other files run beside, and no test that
 * passes waits so long; a test's two or three of them stay below the time after which the runner gives up.
 */
export let patienceMs = 30_000;

/** For tests that expect to wait in vain. Holds for the whole process. */
export function setPatience(durationMs: number): void {
  patienceMs = durationMs;
}

/** What was waited for has not come in time. */
export class InVain extends Error {
  constructor(what: string, deadlineMs: number) {
    super(`waited ${deadlineMs} ms in vain: ${what}`);
  }
}

/** Waits until the condition holds. Rejects with `what` when it does not in time. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  deadlineMs: number = patienceMs,
): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  for (let attempt = 0; !(await condition()); attempt += 1) {
    if (performance.now() > endMs) throw new InVain(what, deadlineMs);
    await (attempt < 20 ? turn() : pause(2));
  }
}

/** The value of the promise, or an error that names what did not come in time. */
export async function within<T>(
  what: string,
  promise: Promise<T>,
  deadlineMs: number = patienceMs,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new InVain(what, deadlineMs)), deadlineMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** One turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Several turns: enough for everything that needs no other process. */
export async function turns(count = 4): Promise<void> {
  for (let at = 0; at < count; at += 1) await turn();
}

/** A pause, for polling only. */
export function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs);
  });
}
