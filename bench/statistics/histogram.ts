/**
 * Histograms of cells: merging, percentiles with enough samples behind them, and their two written forms (method, points 9 and 10).
 *
 * Percentiles cannot be averaged, but histograms can be added; so a cell's figure over all its launches comes from the merged histogram.
 * Values are nanoseconds. The written forms are HdrHistogram's own, which its tools in other languages read: base64 of the compressed V2
 * encoding, and the log format, a line for each launch.
 */
import * as hdr from 'hdr-histogram-js';
import { createHistogram } from '../latency/cell.js';

const bucketBits = 64;

/** The least number of samples that a percentile may be told from: ten above it (point 10). */
export function samplesNeeded(percentile: number): number {
  // 99.9 is 1/1000 and not a rounding error more.
  return Math.round(1e9 / (100 - percentile)) / 1e6;
}

/** The value at a percentile (0 to 100), in ns; null where too few samples are behind it. */
export function percentileNs(histogram: hdr.Histogram, percentile: number): number | null {
  if (histogram.totalCount === 0 || histogram.totalCount < samplesNeeded(percentile)) return null;
  return histogram.getValueAtPercentile(percentile);
}

/** All samples of all of them, in a new histogram. */
export function mergeHistograms(histograms: readonly hdr.Histogram[]): hdr.Histogram {
  const merged = createHistogram();
  merged.autoResize = true;
  for (const histogram of histograms) merged.add(histogram);
  return merged;
}

/** HdrHistogram V2, compressed, base64. */
export function encodeHistogram(histogram: hdr.Histogram): string {
  return hdr.encodeIntoCompressedBase64(histogram);
}

/** Throws if it is none. */
export function decodeHistogram(text: string): hdr.Histogram {
  try {
    return hdr.decodeFromCompressedBase64(text, bucketBits, false);
  } catch (error) {
    throw new Error(`this is no histogram: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** One line of a log. */
export interface LoggedHistogram {
  /** Begin and end, ms since the epoch. */
  readonly startMs: number;
  readonly endMs: number;
  /** Without commas, spaces and line ends; others are replaced by `_`. */
  readonly tag?: string;
  readonly histogram: hdr.Histogram;
}

/** From ns to the milliseconds in which the log's column of maxima is read by the usual tools. */
const maxUnit = 1_000_000;

/** The text of a log file. Comments stand in its head, a line each. */
export function histogramLog(comments: readonly string[], lines: readonly LoggedHistogram[]): string {
  const parts: string[] = [];
  const writer = new hdr.HistogramLogWriter((text) => parts.push(text));
  const startMs = Math.min(...lines.map((line) => line.startMs), Number.MAX_SAFE_INTEGER);
  writer.outputLogFormatVersion();
  for (const comment of comments) writer.outputComment(comment.replaceAll(/[\r\n]+/g, ' '));
  if (lines.length > 0) {
    const date = new Date(startMs).toISOString();
    writer.outputComment(`[StartTime: ${(startMs / 1000).toFixed(3)} (seconds since epoch), ${date}]`);
  }
  writer.outputLegend();
  for (const { startMs: from, endMs: to, tag, histogram } of lines) {
    const earlier = histogram.tag;
    histogram.tag = tag === undefined ? 'NO TAG' : tag.replaceAll(/[\s,]+/g, '_');
    writer.outputIntervalHistogram(histogram, from / 1000, to / 1000, maxUnit);
    histogram.tag = earlier;
  }
  return parts.join('');
}

/** The histograms of a log file. Throws if a line is no histogram. */
export function readHistogramLog(text: string): LoggedHistogram[] {
  const reader = new hdr.HistogramLogReader(text, bucketBits, false);
  const lines: LoggedHistogram[] = [];
  for (;;) {
    const histogram = reader.nextIntervalHistogram();
    if (histogram === null) return lines;
    const { startTimeStampMsec: startMs, endTimeStampMsec: endMs, tag } = histogram;
    lines.push({ startMs, endMs, ...(tag === 'NO TAG' ? {} : { tag }), histogram });
  }
}
