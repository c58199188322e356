/** Which CPUs the processes of a cell run on (benchmark method, point 7): part of a cell's name. */
import { availableParallelism } from 'node:os';
import { UsageError } from './failure.js';
import type { Placement } from './latency/cell.js';
import { tasksetPath } from './latency/peer-process.js';
import type { Tier } from './scenarios/scenario.js';

const unpinned: Placement = { name: 'not-pinned', client: undefined, service: undefined, broker: undefined };

/** The placements that this machine offers: two cores, one core; not pinned where taskset is missing. */
export function placements(): Placement[] {
  if (tasksetPath === undefined) return [unpinned];
  const oneCore: Placement = { name: 'one-core', client: 0, service: 0, broker: 0 };
  if (availableParallelism() < 2) return [oneCore];
  // The ends of a call on one core and what is between them on the other would spare the ends a migration; the
  // service stands where the C server stands, and the broker where the service is not.
  return [{ name: 'two-cores', client: 0, service: 1, broker: 0 }, oneCore];
}

/** All that there are, on some machine. */
export const knownPlacements: readonly string[] = ['two-cores', 'one-core', 'not-pinned'];

/** Those that were asked for by name, which no size of a run leaves out. Throws `UsageError` if this machine has none of them. */
function namedPlacements(wanted: readonly string[], pinned: readonly Placement[], why: string): Placement[] {
  const here = pinned.includes(unpinned) ? pinned : [...pinned, unpinned];
  const found = here.filter(({ name }) => wanted.includes(name));
  if (found.length === 0)
    throw new UsageError(
      `there is no placement ${[...new Set(wanted)].join(' or ')} here: ${why}`,
      `use --placement ${here.map(({ name }) => name).join(',')} (or one of them)`,
    );
  return found;
}

/** Those of a tier or those that are wanted, and what is missing for them. Throws `UsageError` if nothing is left. */
export function placementsOf(
  tier: Tier,
  wanted?: readonly string[],
): { placements: Placement[]; missing: string[] } {
  const pinned = placements();
  const missing: string[] = [];
  if (pinned[0] === unpinned)
    missing.push('pinning: taskset is not installed; install the package util-linux');
  else if (pinned.length < 2) missing.push('two cores: this machine has one');
  if (wanted !== undefined) {
    const found = namedPlacements(wanted, pinned, missing.join('; '));
    const isLacking = wanted.some((name) => found.every((one) => one.name !== name));
    return { placements: found, missing: isLacking ? missing : [] };
  }
  if (tier === 'smoke') return { placements: pinned.slice(0, 1), missing };
  if (tier === 'full' && pinned[0] !== unpinned) return { placements: [...pinned, unpinned], missing };
  return { placements: pinned, missing };
}
