/**
 * Leak checks: what a process has open, before and after.
 */
import { readdirSync, readlinkSync } from 'node:fs';
import type { TestFn } from 'ava';
import { eventually } from './eventually.js';

/** Open descriptors of a process, this one by default, with what they refer to. */
export function openDescriptors(pid: number | 'self' = 'self'): Map<number, string> {
  const open = new Map<number, string>();
  const directory = `/proc/${pid}/fd`;
  for (const name of readdirSync(directory)) {
    try {
      open.set(Number(name), readlinkSync(`${directory}/${name}`));
    } catch {
      // It was the descriptor of the directory that is being read, or has been closed meanwhile.
    }
  }
  return open;
}

/** What is open now and was not then: numbers with what they refer to, for a message. */
export function descriptorsSince(
  before: ReadonlyMap<number, string>,
  pid: number | 'self' = 'self',
): string[] {
  return [...openDescriptors(pid)]
    .filter(([descriptor, target]) => before.get(descriptor) !== target)
    .map(([descriptor, target]) => `${descriptor} → ${target}`);
}

/** Waits until nothing is open that was not then. The error names what is left. */
export async function noDescriptorsSince(
  before: ReadonlyMap<number, string>,
  deadlineMs?: number,
): Promise<void> {
  try {
    await eventually('descriptors back', () => descriptorsSince(before).length === 0, deadlineMs);
  } catch {
    throw new Error(`descriptors left open: ${descriptorsSince(before).join(', ')}`);
  }
}

/**
 * Registers the check around each test of a file, whose tests have to be serial: descriptors belong to the whole process.
 */
export function checkDescriptors<Context>(test: TestFn<Context>): void {
  let before = new Map<number, string>();
  test.serial.beforeEach(() => {
    before = openDescriptors();
  });
  test.serial.afterEach.always(() => noDescriptorsSince(before));
}

/** Timers of this process that are armed and keep it alive. */
export function activeTimers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
}
