/**
 * Scales, ticks and places for labels, computed here and not by the drawing library, so that a label's place is known before it is drawn
 * and no two stand on each other.
 */

export interface Scale {
  readonly kind: 'log' | 'linear';
  readonly low: number;
  readonly high: number;
}

/** A scale that holds all values, with a little air. Values of a log scale that are not positive are left out. */
export function scaleOf(kind: 'log' | 'linear', values: readonly number[], air = 0.06): Scale {
  const usable = values.filter((value) => Number.isFinite(value) && (kind === 'linear' || value > 0));
  if (usable.length === 0) return { kind, low: 1, high: 10 };
  const low = Math.min(...usable);
  const high = Math.max(...usable);
  if (kind === 'linear') {
    return { kind, low: Math.min(0, low), high: high === low && high === 0 ? 1 : high * (1 + air) };
  }
  const span = Math.max(Math.log10(high / low), 0.3);
  const spare = 10 ** (span * air);
  const middle = Math.sqrt(high * low);
  const half = 10 ** (span / 2);
  return { kind, low: middle / half / spare, high: middle * half * spare };
}

/** Where a value lies, 0 at the low end and 1 at the high one. */
export function shareOf(scale: Scale, value: number): number {
  if (scale.kind === 'linear') return (value - scale.low) / (scale.high - scale.low);
  return Math.log(value / scale.low) / Math.log(scale.high / scale.low);
}

const logSteps: readonly (readonly number[])[] = [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 5, 7]];

/** Ticks of a scale: as few as are useful, as many as fit. */
export function ticksOf(scale: Scale, most = 7): number[] {
  if (scale.kind === 'linear') return linearTicks(scale, most);
  const first = Math.floor(Math.log10(scale.low));
  const last = Math.ceil(Math.log10(scale.high));
  let chosen: number[] = [];
  for (const steps of logSteps) {
    const ticks: number[] = [];
    for (let power = first; power <= last; power++) {
      for (const step of steps) {
        const value = Number((step * 10 ** power).toPrecision(3));
        if (value >= scale.low && value <= scale.high) ticks.push(value);
      }
    }
    if (ticks.length > most && chosen.length >= 2) break;
    chosen = ticks;
    if (chosen.length >= 4) break;
  }
  const every = Math.ceil(chosen.length / most);
  return every <= 1 ? chosen : chosen.filter((_, at) => at % every === 0);
}

function linearTicks(scale: Scale, most: number): number[] {
  const rough = (scale.high - scale.low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const ticks: number[] = [];
  for (let value = Math.ceil(scale.low / step) * step; value <= scale.high; value += step) {
    ticks.push(Number(value.toPrecision(6)));
  }
  return ticks;
}

/**
 * Moves labels apart: as near as possible to where they want to be, at least `gap` between two, all between 0 and `height`. Returns their
 * places in the order given.
 */
export function spread(wanted: readonly number[], gap: number, height: number): number[] {
  const order = wanted.map((place, at) => ({ place, at })).sort((a, b) => a.place - b.place);
  // Groups of labels that touch share one centre; groups that then touch are joined, until none do.
  const groups: { sum: number; members: number[] }[] = [];
  const topOf = (group: { sum: number; members: number[] }): number => {
    const length = (group.members.length - 1) * gap;
    const top = group.sum / group.members.length - length / 2;
    return Math.max(0, Math.min(top, height - length));
  };
  for (const { place, at } of order) {
    groups.push({ sum: place, members: [at] });
    for (;;) {
      const last = groups.at(-1);
      const before = groups.at(-2);
      if (last === undefined || before === undefined) break;
      if (topOf(before) + before.members.length * gap <= topOf(last)) break;
      groups.splice(-2, 2, { sum: before.sum + last.sum, members: [...before.members, ...last.members] });
    }
  }
  const places = wanted.map(() => 0);
  for (const group of groups) {
    for (const [nth, at] of group.members.entries()) places[at] = topOf(group) + nth * gap;
  }
  return places;
}
