/** Runs of the benchmark that never took place: results with figures from a seed, for tests of what compares them. */
import type { Results } from '../../../bench/results/directory.js';
import type { CellLine, LaunchFigures, OrderLine, ResultLine } from '../../../bench/results/line.js';
import { createNoise } from './noise.js';

/** How the launches of a run differ. */
export interface RunNoise {
  /** Relative spread of the launches of a cell; each cell has from half to one and a half of it. */
  readonly spread: number;
  /** What all cells of a pass have in common. */
  readonly pass: number;
  /** What all launches of a cell in one run have in common: another layout of memory, other neighbours. */
  readonly run: number;
  /** Share of the launches that are 10 to 50 % slower, because something else ran. */
  readonly wild: number;
}

/** As seen on two shared cores that are left alone. */
export const usualNoise: RunNoise = { spread: 0.02, pass: 0.01, run: 0.005, wild: 0.02 };

export interface RunShape {
  readonly seed: number;
  readonly cells: number;
  readonly launches: number;
  readonly noise?: RunNoise;
  /** By what a cell's time is multiplied. */
  readonly factor?: (cell: number) => number;
  /** The machine's slowness: multiplies all times, the baseline's too. */
  readonly slowness?: number;
}

const machine: Results['machine'] = {
  cpu: 'test',
  cpus: 2,
  memory_mib: 1000,
  kernel: '6.18',
  governor: 'none',
  mitigations: {},
  node: '20',
  v8: '11',
  node_flags: [],
  commit: 'none',
  is_dirty: false,
  load_1min: 0,
  steal: 0,
  clock_cost_ns: 40,
  clock_resolution_ns: 1,
};

/** The figures of one launch whose median is this. */
export function launchOf(launch: number, p50Us: number | null, perSecond?: number): LaunchFigures {
  return {
    launch,
    p50_us: p50Us,
    p90_us: p50Us === null ? null : p50Us * 1.3,
    p99_us: p50Us === null ? null : p50Us * 2,
    p999_us: null,
    max_us: 1000,
    per_second: perSecond ?? (p50Us === null ? 0 : 1e6 / p50Us),
    cpu_us_per_message: p50Us ?? 1,
    client_cpu_us_per_message: 1,
    broker_cpu_us_per_message: null,
    per_broker_cpu_second: null,
    gc_us_per_message: null,
    wait_us_per_message: null,
    switches_per_message: null,
    samples: 2000,
    violations: 0,
    errors: 0,
    cold_us: null,
    is_settled: true,
    late_us: null,
  };
}

/** A cell with launches of these medians. */
export function cellOf(contender: string, p50s: readonly number[], more: Partial<CellLine> = {}): CellLine {
  const launches = p50s.map((p50, at) => launchOf(at, p50));
  const { launch: _, ...figures } = launchOf(0, p50s[0] ?? null);
  return {
    workload: 'W1',
    contender,
    call: 'empty',
    payload_bytes: 64,
    placement: 'two-cores',
    loop: 'closed',
    waiting: 'block',
    ...figures,
    ratio: null,
    ratio_low: null,
    ratio_high: null,
    launches,
    histogram: '',
    ...more,
  };
}

/** A pattern of W8 with so many inversions in each launch, of as many runs each. */
export function launchedOrder(
  call: string,
  inversions: readonly number[],
  runs: number,
  more: Partial<OrderLine> = {},
): OrderLine {
  const launches = inversions.map((some, launch) => ({ launch, runs, inversions: some, violations: 0 }));
  const all = inversions.reduce((sum, some) => sum + some, 0);
  return orderOf(call, all, { runs: runs * launches.length, launches, ...more });
}

/** A pattern of W8 as earlier versions wrote it, without launches. */
export function orderOf(call: string, inversions: number, more: Partial<OrderLine> = {}): OrderLine {
  return {
    kind: 'order',
    workload: 'W8',
    contender: 'sockets',
    call,
    placement: 'two-cores',
    payload_bytes: 0,
    load_kib: 64,
    preemption: 'none',
    runs: 100,
    samples: 100,
    inversions,
    property: 'causality',
    is_promised: false,
    violations: 0,
    ...more,
  };
}

/** A run with these lines. */
export function resultsOf(lines: readonly ResultLine[], more: Partial<Results['machine']> = {}): Results {
  return {
    run: {
      format: 1,
      tier: 'standard',
      seed: 1,
      command: 'capstan bench',
      started: '2026-01-01T00:00:00Z',
      duration_ms: 1,
      launches: 5,
      steal: 0,
      load_before: 0,
      load_after: 0,
      sample_cost_ns: null,
      missing: [],
      noise: [],
    },
    machine: { ...machine, ...more },
    lines,
  };
}

/** A run of `cells` cells, the first of them the baseline's. */
export function simulateRun(shape: RunShape): Results {
  const { seed, cells, launches, noise = usualNoise, factor = () => 1, slowness = 1 } = shape;
  const random = createNoise(seed);
  const passes = Array.from({ length: launches }, () => random.factor(noise.pass));
  // What a cell is must not differ between runs: its time and how much it spreads come from its number.
  const lines = Array.from({ length: cells }, (_, cell) => {
    const spread = noise.spread * (0.5 + ((cell * 0.618) % 1));
    const centre = (20 + cell * 3) * factor(cell) * slowness * random.factor(noise.run);
    const p50s = passes.map((pass) => {
      const wild = random.uniform() < noise.wild ? 1.1 + 0.4 * random.uniform() : 1;
      return centre * pass * random.factor(spread) * wild;
    });
    const contender = cell === 0 ? 'c-seqpacket' : `contender-${cell}`;
    return cellOf(contender, p50s);
  });
  return resultsOf(lines);
}
