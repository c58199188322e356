/**
 * To whom the ratios of a table are. Each cell names its own baseline, because not every question can be put to the same one: C has no
 * service manager, and what a loop over `sockets` does is what a multicast is compared with. Where all cells of a table have the same, its
 * head names it; where they have not, each value does.
 */
import type { CellLine } from '../results/line.js';
import { distinct } from './selection.js';

type Compared = Pick<CellLine, 'baseline' | 'ratio'>;

/** The C ping-pong is known by its short name. */
function nameOf(baseline: string): string {
  return baseline === 'c-seqpacket' ? 'C' : baseline;
}

function baselinesOf(cells: readonly Compared[]): string[] {
  return distinct(cells, ({ baseline, ratio }) => (ratio === null ? undefined : (baseline ?? undefined)));
}

/** `× C`, `× sockets`; `ratio` where the cells have several baselines, or are of results that do not name theirs. */
export function ratioTitle(cells: readonly Compared[]): string {
  const [only, ...others] = baselinesOf(cells);
  return only === undefined || others.length > 0 ? 'ratio' : `× ${nameOf(only)}`;
}

/** A ratio in words, with its baseline where the other cells of the table have another one. */
export function ratioText(words: string, cell: Compared, cells: readonly Compared[]): string {
  const { baseline, ratio } = cell;
  if (ratio === null || baseline === undefined || baseline === null) return words;
  return baselinesOf(cells).length > 1 ? `${words} × ${nameOf(baseline)}` : words;
}
