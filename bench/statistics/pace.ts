/**
 * Times at equal pace: what two runs are compared by where the cores were slower in one of them.
 *
 * A neighbour on the same physical core makes everything slower, in one run for half of the time and in another for a tenth of it. What it
 * does was measured beside each block of a cell: the *pace*, how long a fixed piece of work took on the same cores (latency/pace.ts), on
 * which the code under test has no influence. So the part of a block's time that goes with the pace can be taken out (analysis of covariance:
 * Fisher, "Statistical Methods for Research Workers", 4th edition, 1932; in simulation it is called a control variate).
 *
 * In logarithms a block's median is y = launch + slope · pace + rest. The slope of a cell is found *within* launches, from how its blocks
 * differ from the mean of their launch, over the launches of both runs together. Which run a launch belongs to has no influence on that, so the
 * tests that compare with chance assignments of launches (step-down.ts) stay exact, and a real change between the runs cannot hide in it.
 *
 * The figure of a launch is its median as it was measured, times what its blocks' median would change by if each of them were brought to the
 * mean pace of both runs.
 */
import type { CellLine, LaunchFigures } from '../results/line.js';
import { mean, median } from './averages.js';

/** A launch's blocks, in logarithms. */
interface Blocks {
  readonly launch: number;
  /** Of all its samples; null where they are too few for a median. */
  readonly p50: number | null;
  readonly times: readonly number[];
  readonly paces: readonly number[];
}

export interface EqualPace {
  /** By the number of the launch, of each run: µs at the mean pace of both. */
  readonly figures: readonly [(number | null)[], (number | null)[]];
  /** The pace of B over that of A: above 1 where B's cores were slower. */
  readonly ratio: number;
  /** How a time goes with the pace: 0 not at all, 1 in proportion. */
  readonly slope: number;
}

/** Differences of blocks from their launches that a slope is found from, at least. */
const freedomMin = 10;
/** No more than in proportion, and something for chance; never the other way round. */
const slopeMax = 1.2;
/** A pace that is further from the fastest than a neighbour can bring it was an interrupt. */
const slowestPace = 2.2;

function blocksOf({ launch, p50_us, blocks }: LaunchFigures): Blocks | undefined {
  if (blocks === undefined || blocks.p50_us.length === 0 || blocks.p50_us.length !== blocks.pace_us.length)
    return undefined;
  const all = [...blocks.p50_us, ...blocks.pace_us];
  if (!all.every((value) => value > 0)) return undefined;
  const p50 = p50_us === null || p50_us <= 0 ? null : Math.log(p50_us);
  return { launch, p50, times: blocks.p50_us.map(Math.log), paces: blocks.pace_us.map(Math.log) };
}

/** Undefined unless each launch has blocks with a pace. */
function launchesOf({ launches }: CellLine): Blocks[] | undefined {
  const all = launches.map(blocksOf);
  const known = all.filter((blocks) => blocks !== undefined);
  return known.length === 0 || known.length < all.length ? undefined : known;
}

function slopeOf(launches: readonly Blocks[]): number | undefined {
  let freedom = -1;
  let [squares, products] = [0, 0];
  for (const { times, paces } of launches) {
    const [time, pace] = [mean(times), mean(paces)];
    freedom += times.length - 1;
    for (const [at, value] of times.entries()) {
      const distance = (paces[at] ?? pace) - pace;
      squares += distance ** 2;
      products += distance * (value - time);
    }
  }
  if (freedom < freedomMin) return undefined;
  return squares === 0 ? 0 : Math.min(slopeMax, Math.max(0, products / squares));
}

function withoutInterrupts(launches: readonly Blocks[], most: number): Blocks[] {
  return launches.map((one) => ({ ...one, paces: one.paces.map((pace) => Math.min(pace, most)) }));
}

/** The medians of both runs at the same pace; undefined where it was not looked at, or in too few blocks to tell what it does. */
export function atEqualPace(lineA: CellLine, lineB: CellLine): EqualPace | undefined {
  const [measuredA, measuredB] = [launchesOf(lineA), launchesOf(lineB)];
  if (measuredA === undefined || measuredB === undefined) return undefined;
  const fastest = Math.min(...[...measuredA, ...measuredB].flatMap(({ paces }) => paces));
  const most = fastest + Math.log(slowestPace);
  const [a, b] = [withoutInterrupts(measuredA, most), withoutInterrupts(measuredB, most)];
  const slope = slopeOf([...a, ...b]);
  if (slope === undefined) return undefined;
  const paceOf = (launches: readonly Blocks[]): number => mean(launches.map(({ paces }) => mean(paces)));
  const usual = paceOf([...a, ...b]);
  const figuresOf = (launches: readonly Blocks[]): (number | null)[] => {
    const last = Math.max(...launches.map(({ launch }) => launch));
    const figures: (number | null)[] = Array.from({ length: last + 1 }, () => null);
    for (const { launch, p50, times, paces } of launches) {
      if (p50 === null) continue;
      const atUsual = times.map((time, at) => time - slope * ((paces[at] ?? usual) - usual));
      figures[launch] = Math.exp(p50 + median(atUsual) - median(times));
    }
    return figures;
  };
  return { figures: [figuresOf(a), figuresOf(b)], ratio: Math.exp(paceOf(b) - paceOf(a)), slope };
}
