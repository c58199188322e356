/** Raw histograms in the HdrHistogram log format, one file a cell, so that other tools can read and merge them. Values are nanoseconds. */
import { decodeFromCompressedBase64, HistogramLogWriter } from 'hdr-histogram-js';
import { type CellLine, cellKey } from '../results/line.js';

/** The log reports the greatest value of an interval in milliseconds. */
const nanosecondsPerMillisecond = 1_000_000;

/** A file name that says what the cell is; equal names do not occur, because cells' keys differ. */
export function histogramFileName(cell: CellLine): string {
  const key = cellKey(cell).replaceAll(/[^A-Za-z0-9=.-]+/g, '_');
  return `${key}.hlog`;
}

/** One interval: the whole cell. `started` is the beginning of the run in milliseconds since 1970, and `durationMs` how long it took. */
export function histogramLog(cell: CellLine, started: number, durationMs: number): string {
  let text = '';
  const writer = new HistogramLogWriter((part) => {
    text += part;
  });
  writer.outputLogFormatVersion();
  writer.outputComment(`${cellKey(cell)}; values in nanoseconds, all launches merged`);
  writer.outputComment(`[StartTime: ${(started / 1000).toFixed(3)} (seconds since epoch)]`);
  writer.outputLegend();
  writer.outputIntervalHistogram(
    decodeFromCompressedBase64(cell.histogram, 64, false),
    started / 1000,
    (started + durationMs) / 1000,
    nanosecondsPerMillisecond,
  );
  return text;
}
