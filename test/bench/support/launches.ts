/** Figures of launches with known numbers, of which only some matter to a test. */
import type { LaunchFigures } from '../../../bench/results/line.js';

export function launchesOf(figures: readonly Partial<LaunchFigures>[]): LaunchFigures[] {
  return figures.map((known, launch) => ({
    launch,
    p50_us: null,
    p90_us: null,
    p99_us: null,
    p999_us: null,
    max_us: 1,
    per_second: 1,
    cpu_us_per_message: 1,
    client_cpu_us_per_message: 1,
    broker_cpu_us_per_message: null,
    per_broker_cpu_second: null,
    gc_us_per_message: null,
    wait_us_per_message: null,
    switches_per_message: null,
    samples: 100,
    violations: 0,
    errors: 0,
    cold_us: null,
    is_settled: true,
    late_us: null,
    ...known,
  }));
}
