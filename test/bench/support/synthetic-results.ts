/**
 * Results of a run that never happened, from a seed: every workload, every contender, plausible figures. The report and the findings are
 * tested on them, because a real run takes minutes and never has everything.
 */
import { build, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';
import type { MessageDiagram } from '../../../bench/check/diagram.js';
import type { Results } from '../../../bench/results/directory.js';
import type {
  CellLine,
  CellName,
  Holdings,
  LaunchFigures,
  OrderLine,
  ResultLine,
} from '../../../bench/results/line.js';
import { shareInterval } from '../../../bench/statistics/order-share.js';
import { createRandom, type Random } from '../../support/random.js';

export interface SyntheticOptions {
  readonly seed: number;
  /** Factor on the bus's multicasts: above 1 they are slower. */
  readonly busMulticast?: number;
  /** Factor on the bus's calls. */
  readonly busCall?: number;
  /** Whether transports without order across handles have inversions. */
  readonly hasInversions?: boolean;
  readonly launches?: number;
  /** Only these workloads. */
  readonly workloads?: readonly string[];
}

interface Synthetic {
  readonly name: string;
  /** A call at two cores, µs. */
  readonly callUs: number;
  readonly cpuUs: number;
  readonly perSecond: number;
  readonly isOwn?: boolean;
  readonly hasBroker?: boolean;
}

const contenders: readonly Synthetic[] = [
  { name: 'c-seqpacket', callUs: 36, cpuUs: 9, perSecond: 480_000 },
  { name: 'c-shm-futex', callUs: 31, cpuUs: 8, perSecond: 4_900_000 },
  { name: 'c-shm-spin', callUs: 0.4, cpuUs: 0.9, perSecond: 5_700_000 },
  { name: 'c-broker', callUs: 48, cpuUs: 21, perSecond: 240_000 },
  { name: 'memory', callUs: 1.5, cpuUs: 2, perSecond: 700_000, isOwn: true },
  { name: 'sockets', callUs: 45, cpuUs: 19, perSecond: 1_200_000, isOwn: true },
  { name: 'datagram', callUs: 57, cpuUs: 27, perSecond: 150_000, isOwn: true },
  { name: 'bus', callUs: 62, cpuUs: 36, perSecond: 450_000, isOwn: true, hasBroker: true },
  { name: 'node-net', callUs: 58, cpuUs: 22, perSecond: 400_000 },
  { name: 'child-process', callUs: 72, cpuUs: 41, perSecond: 190_000 },
  { name: 'worker-threads', callUs: 66, cpuUs: 30, perSecond: 260_000 },
  { name: 'sdbus-direct', callUs: 45, cpuUs: 16, perSecond: 225_000 },
  { name: 'dbus-broker', callUs: 67, cpuUs: 45, perSecond: 109_000, hasBroker: true },
  { name: 'dbus-daemon', callUs: 80, cpuUs: 50, perSecond: 60_000, hasBroker: true },
  { name: 'grpc', callUs: 410, cpuUs: 250, perSecond: 7000 },
  { name: 'zeromq', callUs: 140, cpuUs: 75, perSecond: 74_000 },
  { name: 'capnp', callUs: 95, cpuUs: 53, perSecond: 78_000 },
  { name: 'nats', callUs: 230, cpuUs: 120, perSecond: 26_000, hasBroker: true },
];

const placements = ['two-cores', 'one-core', 'not-pinned'] as const;
const placementFactor = { 'two-cores': 1, 'one-core': 0.42, 'not-pinned': 0.55 } as const;

function holdingsOf(held: number, hasBroker: boolean): Holdings {
  return {
    resident_bytes: 150_000_000 + held * 300,
    descriptors: 60 + Math.round(held / 20),
    broker_resident_bytes: hasBroker ? 55_000_000 + held * 90 : null,
    broker_used_bytes: hasBroker ? 9_000_000 + held * 60 : null,
    broker_grown_bytes: hasBroker ? held * 60 : null,
    broker_descriptors: hasBroker ? 30 : null,
  };
}

class Maker {
  readonly #random: Random;
  readonly #options: SyntheticOptions;
  readonly lines: ResultLine[] = [];

  constructor(options: SyntheticOptions) {
    this.#options = options;
    this.#random = createRandom(options.seed);
  }

  get options(): SyntheticOptions {
    return this.#options;
  }

  /** About 1, with the spread that launches have. */
  noise(spread: number): number {
    let sum = 0;
    for (let at = 0; at < 6; at++) sum += this.#random.below(10_000) / 10_000;
    return Math.exp((sum - 3) * spread);
  }

  below(bound: number): number {
    return this.#random.below(bound);
  }

  /** A logistic distribution of logarithms, two in a hundred of it up to ten times as long; by its quantiles, so that it is made quickly. */
  #histogram(p50Us: number, samples: number): Histogram {
    const histogram = build({ highestTrackableValue: 60_000_000_000, numberOfSignificantValueDigits: 3 });
    const steps = Math.min(samples, 400);
    for (let step = 0; step < steps; step++) {
      const share = (step + 0.5) / steps;
      const tail = share > 0.98 ? 1 + (share - 0.98) * 450 : 1;
      const spread = (share / (1 - share)) ** 0.12;
      const value = Math.max(1, Math.round(p50Us * 1000 * spread * tail));
      const count = Math.round(((step + 1) * samples) / steps) - Math.round((step * samples) / steps);
      histogram.recordValueWithCount(value, count);
    }
    return histogram;
  }

  cell(
    who: Synthetic,
    name: Partial<CellName> & { workload: string; call: string; placement: string },
    figures: {
      p50: number;
      cpu: number;
      perSecond: number;
      clientCpu?: number;
      samples?: number;
      held?: number;
    },
  ): void {
    const { workloads, launches: count = 5 } = this.#options;
    if (workloads !== undefined && !workloads.includes(name.workload)) return;
    const samples = figures.samples ?? 300;
    const histogram = this.#histogram(figures.p50, samples);
    const at = (percentile: number): number | null =>
      samples < 10 / (1 - percentile / 100) ? null : histogram.getValueAtPercentile(percentile) / 1000;
    const broker = who.hasBroker === true ? figures.cpu * 0.45 : null;
    const of = (factor: number): Omit<LaunchFigures, 'launch' | 'cold_us' | 'is_settled' | 'late_us'> => ({
      p50_us: figures.p50 * factor,
      p90_us: at(90),
      p99_us: at(99),
      p999_us: at(99.9),
      max_us: histogram.maxValue / 1000,
      per_second: Math.round(figures.perSecond / factor),
      cpu_us_per_message: figures.cpu * factor,
      client_cpu_us_per_message: (figures.clientCpu ?? figures.cpu * 0.5) * factor,
      broker_cpu_us_per_message: broker === null ? null : broker * factor,
      per_broker_cpu_second: broker === null ? null : Math.round(1e6 / broker),
      gc_us_per_message: who.name.startsWith('c-') ? 0 : 0.2 * factor,
      wait_us_per_message: 1.5 * factor,
      switches_per_message: 0.02 * factor,
      samples,
      violations: 0,
      errors: 0,
    });
    const launches = Array.from({ length: count }, (_, launch) => ({
      ...of(this.noise(0.04)),
      launch,
      cold_us: figures.p50 * 14,
      is_settled: true,
      late_us: name.loop === 'open' ? 3 : null,
      ...(figures.held === undefined ? {} : { holdings: holdingsOf(figures.held, who.hasBroker === true) }),
    }));
    this.lines.push({
      payload_bytes: 64,
      loop: 'closed',
      waiting: who.name.endsWith('-spin') ? 'spin' : 'block',
      contender: who.name,
      ...name,
      ...of(1),
      ratio: null,
      ratio_low: null,
      ratio_high: null,
      cold_us: figures.p50 * 14,
      launches,
      histogram: encodeIntoCompressedBase64(histogram),
    });
  }

  order(line: OrderLine): void {
    const { workloads } = this.#options;
    if (workloads === undefined || workloads.includes('W8')) this.lines.push(line);
  }
}

function call(make: Maker, who: Synthetic, placement: (typeof placements)[number]): number {
  const factor = who.name === 'bus' ? (make.options.busCall ?? 1) : 1;
  return who.callUs * placementFactor[placement] * factor * make.noise(0.02);
}

function makeCalls(make: Maker): void {
  for (const placement of placements) {
    for (const who of contenders) {
      const p50 = call(make, who, placement);
      const cell = (
        name: Partial<CellName>,
        figures: { p50: number; perSecond: number; samples?: number },
      ): void =>
        make.cell(who, { workload: 'W1', call: 'empty', placement, ...name }, { cpu: who.cpuUs, ...figures });
      for (const payload_bytes of [0, 64, 1024, 16_384, 65_536]) {
        const time = p50 * (1 + payload_bytes / 30_000);
        cell(
          { payload_bytes, outstanding: 1 },
          { p50: time, perSecond: 1e6 / time, ...(payload_bytes === 64 ? { samples: 20_000 } : {}) },
        );
      }
      for (const outstanding of [4, 16, 64, 256]) {
        const perSecond = Math.min(outstanding * (1e6 / p50) * 0.8, who.perSecond / 2);
        cell({ outstanding }, { p50: (outstanding * 1e6) / perSecond, perSecond });
      }
      if (who.isOwn === true) {
        make.cell(
          who,
          { workload: 'W1', call: 'control', placement, outstanding: 1 },
          { p50: p50 * 1.4, cpu: who.cpuUs * 1.4, perSecond: 7e5 / p50, samples: 5000 },
        );
      }
      for (const schedule of ['constant', 'poisson'] as const) {
        for (const load_share of [0.1, 0.5, 0.7, 0.9]) {
          const peak = who.perSecond / 2;
          const wait =
            schedule === 'poisson' ? load_share / (1 - load_share) : (load_share / (1 - load_share)) * 0.3;
          cell(
            { loop: 'open', load_share, offered_per_second: Math.round(peak * load_share), schedule },
            { p50: p50 * (1 + wait), perSecond: Math.round(peak * load_share), samples: 3000 },
          );
        }
      }
    }
  }
}

function makeWork(make: Maker): void {
  for (const placement of ['two-cores', 'one-core'] as const) {
    for (const who of contenders) {
      const p50 = call(make, who, placement);
      const isOwn = who.isOwn === true;
      const perSecond = who.perSecond * make.noise(0.05);
      const base = { cpu: who.cpuUs, perSecond: 1e6 / p50 };
      if (who.name !== 'c-shm-spin') {
        for (const payload_bytes of [64, 4096]) {
          make.cell(
            who,
            { workload: 'W2', call: 'one-way', placement, payload_bytes, senders: 1 },
            {
              p50: 256e6 / perSecond,
              cpu: 1e6 / perSecond,
              perSecond: perSecond / (1 + payload_bytes / 9000),
            },
          );
        }
        if (isOwn)
          make.cell(
            who,
            { workload: 'W2', call: 'one-way', placement, senders: 4 },
            { p50: 256e6 / perSecond, cpu: 1e6 / perSecond, perSecond },
          );
        for (const gap_ms of [0, 1, 10, 100]) {
          make.cell(
            who,
            { workload: 'W10', call: 'empty', placement, gap_ms },
            { ...base, p50: p50 * (1 + Math.log1p(gap_ms)) },
          );
        }
      }
      if (!isOwn && who.name !== 'sdbus-direct' && who.name !== 'c-seqpacket') continue;
      for (const handles of [1, 4, 16]) {
        make.cell(
          who,
          { workload: 'W3', call: 'grant', placement, handles },
          { ...base, p50: p50 * (1.9 + handles * 0.1) },
        );
      }
      if (!isOwn) continue;
      for (const holders of [1, 8, 64])
        make.cell(
          who,
          { workload: 'W5', call: 'revoke', placement, holders },
          { ...base, p50: p50 * (1 + holders / 9) },
        );
      for (const handles of [1, 100, 10_000]) {
        make.cell(
          who,
          { workload: 'W6', call: 'death', placement, handles },
          { ...base, p50: p50 * 4 + handles * 0.4 },
        );
        const many = { workload: 'W9', call: 'one-way', placement };
        make.cell(
          who,
          { ...many, handles, peers: 1 },
          { ...base, p50, cpu: who.cpuUs * (1 + Math.log10(handles) / 40), held: handles },
        );
        if (handles === 1) continue;
        make.cell(
          who,
          { ...many, handles: 1, peers: handles },
          { ...base, p50, cpu: who.cpuUs * (1 + Math.log10(handles) / 30), held: handles * 20 },
        );
      }
      for (const operation of ['status', 'list', 'start-to-event']) {
        make.cell(
          who,
          { workload: 'W7', call: operation, placement, services: 1000 },
          { ...base, p50: p50 * (operation === 'list' ? 30 : 2) },
        );
      }
    }
  }
}

function makeMulticasts(make: Maker): void {
  for (const who of contenders) {
    if (
      !['bus', 'sockets', 'datagram', 'c-seqpacket', 'dbus-broker', 'dbus-daemon', 'nats'].includes(who.name)
    )
      continue;
    for (const placement of ['two-cores', 'one-core'] as const) {
      for (const receivers of [1, 2, 4, 8, 16, 32, 64, 128, 256]) {
        const isBus = who.hasBroker === true;
        const factor = who.name === 'bus' ? (make.options.busMulticast ?? 1) : 1;
        const p50 =
          (isBus ? who.callUs * 0.9 + receivers * 3.1 : who.callUs * 0.5 + receivers * 8) *
          placementFactor[placement] *
          factor;
        const clientCpu = isBus ? who.cpuUs * 0.4 : who.cpuUs * 0.2 * receivers;
        make.cell(
          who,
          {
            workload: 'W4',
            call: who.name.startsWith('dbus') ? 'signal' : 'multicast',
            placement,
            receivers,
            receiver_processes: Math.min(16, receivers),
          },
          { p50, cpu: clientCpu + receivers * 3, clientCpu, perSecond: 1e6 / p50 },
        );
      }
    }
  }
}

/**
 * The sender's CPU time for 16 multicasts. That of the client for each message is much more and has another shape, because the questions
 * behind each batch are in it.
 */
function makeSending(make: Maker): void {
  for (const who of contenders.filter(({ name }) => ['bus', 'sockets', 'datagram'].includes(name))) {
    for (const receivers of [1, 16, 256]) {
      const each = who.name === 'bus' ? 12 : 3 * receivers;
      make.cell(
        who,
        {
          workload: 'W4',
          call: 'multicast-cost',
          placement: 'two-cores',
          receivers,
          receiver_processes: 1,
        },
        { p50: 16 * each, cpu: 900 * receivers, clientCpu: 400 * receivers, perSecond: 900 },
      );
    }
  }
}

const diagram: MessageDiagram = {
  processes: ['A', 'B', 'C'],
  rows: 6,
  events: [
    { process: 0, row: 0, kind: 'send', message: 'record 17' },
    { process: 0, row: 1, kind: 'send', message: 'act on 17' },
    { process: 1, row: 2, kind: 'receive', message: 'act on 17' },
    { process: 1, row: 3, kind: 'send', message: 'doing 17' },
    { process: 2, row: 4, kind: 'receive', message: 'doing 17' },
    { process: 2, row: 5, kind: 'receive', message: 'record 17' },
  ],
  arrows: [
    { message: 'record 17', role: 'cause', isBeside: false, from: 0, fromRow: 0, to: 2, toRow: 5 },
    { message: 'act on 17', role: 'link', isBeside: false, from: 0, fromRow: 1, to: 1, toRow: 2 },
    { message: 'doing 17', role: 'effect', isBeside: false, from: 1, fromRow: 3, to: 2, toRow: 4 },
  ],
  property: 'causality',
  sentence: 'C got doing 17 before record 17, which came before it.',
};

const patterns = ['relay', 'receipt', 'completion', 'triangle', 'concurrent', 'disjoint'];

function makeOrders(make: Maker): void {
  for (const who of contenders.filter(({ isOwn, name }) => isOwn === true && name !== 'memory')) {
    for (const [at, pattern] of patterns.entries()) {
      for (const [load_kib, preemption] of [
        [0, 'none'],
        [400, 'none'],
        [400, 'stopped'],
      ] as const) {
        const isTotal = who.name === 'bus';
        const isPromised = isTotal || (who.name === 'datagram' && at < 4);
        const isWrong = !isPromised && make.options.hasInversions !== false;
        const launches = Array.from({ length: make.options.launches ?? 5 }, (_, launch) => {
          const inversions = isWrong ? make.below(load_kib === 0 ? 2 : 25) : 0;
          return { launch, runs: 40, inversions, violations: 0 };
        });
        const inversions = launches.reduce((sum, launch) => sum + launch.inversions, 0);
        const { low, high } = shareInterval(launches, 1);
        make.order({
          kind: 'order',
          workload: 'W8',
          contender: who.name,
          call: pattern,
          placement: 'two-cores',
          payload_bytes: 64,
          load_kib,
          preemption,
          runs: 40 * launches.length,
          samples: 40 * launches.length,
          inversions,
          share_low: low,
          share_high: high,
          launches,
          property: at < 4 ? 'causality' : 'agreement',
          is_promised: isPromised,
          violations: 0,
          ...(inversions === 0
            ? {}
            : { example: 'A ──record 17──▶ C\nA ──act on 17──▶ B\nB ──doing 17──▶ C   first!' }),
          ...(inversions === 0 || pattern !== 'relay' ? {} : { diagram }),
        });
      }
    }
  }
}

/** The ratios to the C ping-pong, as the harness has them. */
function withRatios(lines: readonly ResultLine[]): ResultLine[] {
  const key = (line: CellLine): string =>
    JSON.stringify([
      line.workload,
      line.placement,
      line.payload_bytes,
      line.loop,
      line.outstanding,
      line.receivers,
      line.handles,
      line.gap_ms,
      line.load_share,
      line.schedule,
      line.senders,
    ]);
  const bases = new Map(
    lines.flatMap((line) =>
      line.kind !== 'order' && line.contender === 'c-seqpacket' ? [[key(line), line.p50_us] as const] : [],
    ),
  );
  return lines.map((line) => {
    if (line.kind === 'order') return line;
    const base = bases.get(key(line));
    if (base === undefined || base === null || line.p50_us === null) return line;
    const ratio = line.p50_us / base;
    return {
      ...line,
      baseline: 'c-seqpacket',
      ratio,
      ratio_low: ratio * 0.96,
      ratio_high: ratio * 1.05,
    };
  });
}

export function syntheticResults(options: SyntheticOptions): Results {
  const make = new Maker(options);
  makeCalls(make);
  makeWork(make);
  makeMulticasts(make);
  makeOrders(make);
  makeSending(make);
  return {
    run: {
      format: 1,
      tier: 'standard',
      seed: options.seed,
      command: `npm run -s capstan -- bench --standard --seed ${options.seed} --out DIR`,
      started: '2026-11-22T08:00:00.000Z',
      duration_ms: 1_080_000,
      launches: options.launches ?? 5,
      steal: 0.013,
      load_before: 0.12,
      load_after: 1.9,
      sample_cost_ns: 84,
      missing: ['usocket: not in this synthetic run'],
      noise: ['the hypervisor took 1.3 % of the CPU time'],
    },
    machine: {
      cpu: 'Synthetic 9000',
      cpus: 2,
      memory_mib: 3900,
      kernel: '6.18.0',
      governor: 'none',
      mitigations: { spectre_v2: 'Mitigation: Enhanced IBRS', meltdown: 'Not affected' },
      node: '20.20.2',
      v8: '11.3',
      node_flags: [],
      commit: '000000000000',
      is_dirty: false,
      load_1min: 0.12,
      steal: 0,
      clock_cost_ns: 41,
      clock_resolution_ns: 1,
    },
    lines: withRatios(make.lines),
  };
}
