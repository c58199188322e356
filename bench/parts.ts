/**
 * The parts of a run: it has several if it was interrupted and went on later, perhaps on a machine that was busy then, or with another
 * neighbour. What the machine was like is therefore kept with each launch, and told for each part and for all of them together.
 */
import { loadavg } from 'node:os';
import { type Entry, type Head, isPartEntry, type Meanwhile, type PartEntry } from './launch-log.js';
import { stealTicks } from './report/machine.js';
import type { RunPart } from './results/directory.js';

/** Reads what the machine was like since it was read last. */
export class MeanwhileMeter {
  #ticks = stealTicks();

  read(): Meanwhile {
    const before = this.#ticks;
    this.#ticks = stealTicks();
    return {
      stolen_ticks: this.#ticks.stolen - before.stolen,
      all_ticks: this.#ticks.all - before.all,
      load_1min: loadavg()[0] ?? 0,
    };
  }
}

/** Share of the CPU time that a hypervisor took away while these were made, 0 to 1. */
export function stealOf(entries: readonly Entry[]): number {
  const measured = entries.flatMap((entry) => (isPartEntry(entry) ? [] : [entry]));
  const all = measured.reduce((sum, entry) => sum + entry.all_ticks, 0);
  const stolen = measured.reduce((sum, entry) => sum + entry.stolen_ticks, 0);
  return all <= 0 ? 0 : Number((stolen / all).toFixed(4));
}

export function durationMsOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + (isPartEntry(entry) ? 0 : entry.duration_ms), 0);
}

/** The parts in which anything was measured, in their order; the first one where nothing was. */
export function partsOf(head: Pick<Head, 'started' | 'load_before'>, entries: readonly Entry[]): RunPart[] {
  const first: PartEntry = { resumed: head.started, load_before: head.load_before };
  const parts: { begin: PartEntry; entries: Entry[] }[] = [{ begin: first, entries: [] }];
  for (const entry of entries) {
    if (isPartEntry(entry)) parts.push({ begin: entry, entries: [] });
    else parts.at(-1)?.entries.push(entry);
  }
  const measured = parts.filter((part) => part.entries.length > 0);
  return (measured.length === 0 ? parts.slice(0, 1) : measured).map(({ begin, entries: own }) => {
    const last = own.at(-1);
    return {
      started: begin.resumed,
      duration_ms: durationMsOf(own),
      steal: stealOf(own),
      load_before: begin.load_before,
      load_after: last === undefined || isPartEntry(last) ? begin.load_before : last.load_1min,
    };
  });
}
