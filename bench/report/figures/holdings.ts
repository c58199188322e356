/** Question 1, memory: what processes hold for many handles and many peers (W9). */
import type { CellLine, Holdings, ResultLine } from '../../results/line.js';
import { median } from '../../statistics/averages.js';
import * as say from '../quantity.js';
import { cellsOf, isUsable, placementsOf } from '../selection.js';
import { dotPanels, type FigureMaker } from './figure.js';

/** The median over launches of something that is held; null where no launch says it. */
export function heldBy(cell: CellLine, of: (holdings: Holdings) => number | null): number | null {
  const values = cell.launches.flatMap(({ holdings }) => {
    const value = holdings === undefined ? null : of(holdings);
    return value === null || value === undefined ? [] : [value];
  });
  return values.length === 0 ? null : median(values);
}

/** What there are many of, in words. */
export function crowdOf({ handles = 1, peers = 1, holders }: CellLine): string {
  if (holders !== undefined) return `${say.count(holders)} holders of one node`;
  if (peers > 1) return `${say.count(peers)} peers`;
  return handles > 1 ? `${say.count(handles)} handles` : 'one of everything';
}

/** How many of it; 1 is one of everything. */
export function amountOf({ handles = 1, peers = 1, holders = 1 }: CellLine): number {
  return Math.max(handles, peers, holders);
}

/** With fewer of something, what the broker's runtime takes and frees meanwhile outweighs what they take. */
const fewestToDivide = 1000;

/** Bytes by which the broker's memory in use has grown for each of what there are many of; null where that cannot be told. */
export function growthForEach(cell: CellLine): number | null {
  const grown = heldBy(cell, ({ broker_grown_bytes }) => broker_grown_bytes);
  return grown === null || amountOf(cell) < fewestToDivide ? null : grown / amountOf(cell);
}

function mebibytes(size: number | null): number | null {
  return size === null ? null : size / 1024 / 1024;
}

/** Cells of W9 that say what is held, those with less of something first. */
export function holders(lines: readonly ResultLine[]): CellLine[] {
  const cells = cellsOf(lines).filter(
    (cell) =>
      cell.workload === 'W9' &&
      isUsable(cell) &&
      heldBy(cell, ({ resident_bytes }) => resident_bytes) !== null,
  );
  const order = placementsOf(cells);
  return cells.sort(
    (a, b) => order.indexOf(a.placement) - order.indexOf(b.placement) || amountOf(a) - amountOf(b),
  );
}

export const holdingsFigure: FigureMaker = {
  title: 'Memory and descriptors that are held',
  needs: 'W9 with what is held',
  make: (lines) => {
    const cells = holders(lines);
    if (cells.length === 0) return undefined;
    const resident = (cell: CellLine): number | null => heldBy(cell, ({ resident_bytes }) => resident_bytes);
    const descriptors = (cell: CellLine): number | null => heldBy(cell, (held) => held.descriptors);
    const used = (cell: CellLine): number | null =>
      heldBy(cell, ({ broker_used_bytes }) => broker_used_bytes);
    const grown = (cell: CellLine): number | null =>
      heldBy(cell, ({ broker_grown_bytes }) => broker_grown_bytes);
    const several = placementsOf(cells).length > 1;
    return {
      id: 'holdings',
      question: 1,
      title: 'Memory and descriptors that are held',
      asks: 'What do many handles and many peers cost in memory and descriptors?',
      reading:
        'Resident memory of all processes of the cell together, with the runtime of each, where pages that several share count with each; over `sockets`, too, one of them is a hub, which only introduces the others. Growth is what the broker’s own tables and buffers took since there was nothing.',
      workloads: ['W9'],
      lines: cells,
      panels: dotPanels(cells, {
        axisTitle: 'resident memory of all processes',
        value: (cell) => ({ value: mebibytes(resident(cell)) }),
        format: (mib) => `${say.tick(mib)}\u00a0MiB`,
        columns: [
          { title: 'resident', of: (cell) => say.memory(resident(cell)) },
          { title: 'descriptors', of: (cell) => say.count(descriptors(cell)) },
          { title: 'growth', of: (cell) => say.memory(grown(cell)) },
        ],
        panelOf: (cell) =>
          several ? `${crowdOf(cell)}, ${say.placementName(cell.placement)}` : crowdOf(cell),
        describe: (panel, first, last) => `Resident memory with ${panel}: least ${first}, most ${last}.`,
      }),
      table: {
        columns: [
          { title: 'contender' },
          { title: 'with' },
          { title: 'placement' },
          ...['resident, all', 'descriptors, all', 'broker used', 'broker growth', 'growth for each'].map(
            (title) => ({
              title,
              isNumber: true,
            }),
          ),
        ],
        rows: cells.map((cell) => {
          const growth = grown(cell);
          return [
            cell.contender,
            crowdOf(cell),
            say.placementName(cell.placement),
            say.memory(resident(cell)),
            say.count(descriptors(cell)),
            say.memory(used(cell)),
            say.memory(growth),
            say.memory(growthForEach(cell)),
          ];
        }),
      },
    };
  },
};
