/** Time of the processor, for tests of what something costs: the time in which other programs run is not in it. */

/** What this process has used until now, in nanoseconds; counted in microseconds. */
export function cpuNs(): number {
  const { user, system } = process.cpuUsage();
  return 1000 * (user + system);
}
