/**
 * Stopped processes. SIGSTOP is only sent by `kill`: on another processor the target goes on until the kernel has told it, which on
 * a busy machine is long enough to read what a test believes to be unread. So a test waits until the kernel calls it stopped.
 */
import { readFileSync } from 'node:fs';
import { InVain, patienceMs } from './eventually.js';

const clock = new Int32Array(new SharedArrayBuffer(4));

/** Stopped, or ended: neither does anything more. */
function isStill(pid: number): boolean {
  try {
    return /^State:\s+[TtZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}

/** Whether no signal that was sent to the process waits for it to take it. */
export function hasTakenSignals(pid: number): boolean {
  return /^ShdPnd:\s+0+$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

/** SIGSTOP, and waits (without a turn of the event loop) until the process stands still. */
export function stopProcess(pid: number): void {
  process.kill(pid, 'SIGSTOP');
  const endMs = performance.now() + patienceMs;
  while (!isStill(pid)) {
    if (performance.now() > endMs) throw new InVain(`process ${pid} stops`, patienceMs);
    // The processor may be the one that it needs to see its signal.
    Atomics.wait(clock, 0, 0, 1);
  }
}
